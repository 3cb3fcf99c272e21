import type { Job, JobStepView, TaskStep } from '../../../../shared/workflows.ts';
import { duration } from '../../amounts.ts';
import { Elapsed } from '../../parts/when.tsx';
import { plural, t } from '../../translate.ts';
import type { GraphNode } from './graph.tsx';
import { isOver, outcomeOf, tookOf } from './job-words.ts';

/** The steps of a job for the graph: a loop is one, however many instances it has. */
export function graphOfJob({ steps }: Job): GraphNode[] {
  const over = new Map<string, number>();
  for (const { each, state } of steps) if (each !== null && isOver({ state })) over.set(each.step, (over.get(each.step) ?? 0) + 1);
  return steps.flatMap((step) =>
    step.each === null
      ? [
          {
            name: step.name,
            title: step.name,
            depends_on: step.depends_on,
            state: step,
            more: moreOf(step, over.get(step.name) ?? 0),
          },
        ]
      : [],
  );
}

function moreOf(step: JobStepView, over: number): preact.ComponentChildren {
  const part = step.instances === null ? '' : `${t('{over} of {all}', { over, all: step.instances })} · `;
  const { word } = outcomeOf(step);
  if (step.state === 'running' && step.started_at !== null)
    return (
      <>
        {part}
        <Elapsed since={step.started_at} />
      </>
    );
  const took = isOver(step) ? tookOf(step, 0) : null;
  return part + (took === null || step.ended_at === null ? word : `${word} · ${duration(took)}`);
}

/** The steps of a task, as its file has them. */
export function graphOfTask(flow: readonly TaskStep[]): GraphNode[] {
  return flow.map((step) => ({ name: step.name, title: step.title, depends_on: step.depends_on, more: stepWords(step) }));
}

/** What is special about a step, in few words; else its action. */
function stepWords(step: TaskStep): string {
  const words = [
    ...(step.action_type === 'approval' ? [t('waits for a yes')] : []),
    ...(step.action_type === 'task' ? [t('a task of its own')] : []),
    ...(step.loop ? [step.sequential ? t('for each, one by one') : t('for each')] : []),
    ...(step.when === null ? [] : [t('on a condition')]),
    ...(step.retry === null ? [] : [plural(step.retry.max_attempts, 'one attempt', 'up to {count} attempts')]),
  ];
  return words.length > 0 ? words.join(' · ') : step.action;
}
