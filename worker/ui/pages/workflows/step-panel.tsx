import { ExternalLink, RotateCw } from 'lucide-preact';
import type { Job, JobStepView } from '../../../../shared/workflows.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Facts } from '../../parts/facts.tsx';
import { late } from '../../parts/late.tsx';
import { When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';
import './step-panel.css';
import { JobMark } from './state-mark.tsx';

const Results = late(() => import('../run/results.tsx').then((part) => part.Results));
const RunLog = late(() => import('../run.tsx').then((part) => part.OutputOfRun));

/** One step of a job: how it stands, what it gave, and what its run prints, in the log view of every run. */
export function StepPanel(props: { job: Job; step: JobStepView; onRerun: (() => void) | null; busy: boolean }) {
  const { step } = props;
  return (
    <section class="step-panel" aria-labelledby="step-panel">
      <header class="step-panel-head">
        <h2 id="step-panel" class="cut" dir="auto">
          {step.name}
        </h2>
        <JobMark of={step} />
        <div class="row end">
          {props.onRerun !== null && (
            <Button small acts="rerun" icon={<RotateCw size={16} aria-hidden="true" />} busy={props.busy} onClick={props.onRerun}>
              {t('Re-run from here')}
            </Button>
          )}
          {step.child_job_id !== null && (
            <ButtonLink small href={`/jobs/${step.child_job_id}`}>
              {t('Its job')}
            </ButtonLink>
          )}
          {step.task_id !== null && (
            <ButtonLink small kind="ghost" href={`/runs/${step.task_id}`} icon={<ExternalLink size={16} aria-hidden="true" />}>
              {t('Its run')}
            </ButtonLink>
          )}
        </div>
      </header>
      {step.error !== null && <Problem message={step.error} />}
      <Facts facts={factsOf(step)} />
      {step.task_id !== null && <Results key={`results ${step.task_id}`} task={step.task_id} over={step.ended_at !== null} />}
      {step.task_id === null ? <p class="muted small">{whyNoLog(step)}</p> : <RunLog key={step.task_id} taskId={step.task_id} />}
    </section>
  );
}

function factsOf(step: JobStepView): [string, preact.ComponentChildren][] {
  return [
    ...(step.depends_on.length > 0 ? [[t('After'), step.depends_on.join(', ')] satisfies [string, string]] : []),
    ...(step.each === null
      ? []
      : [[t('Item'), <code key="item">{JSON.stringify(step.each.item)}</code>] satisfies [string, preact.ComponentChildren]]),
    ...(step.attempt > 1 ? [[t('Attempt'), String(step.attempt)] satisfies [string, string]] : []),
    ...(step.retry_at === null
      ? []
      : [[t('Next attempt'), <When key="retry" at={step.retry_at} />] satisfies [string, preact.ComponentChildren]]),
    ...(step.approved_by === null ? [] : [[t('Answered by'), step.approved_by] satisfies [string, string]]),
    ...(step.container === null
      ? []
      : [
          [
            step.container.engine === 'kubernetes' ? t('Pod') : t('Container'),
            <code key="container" class="step-output">
              {step.container.engine === 'kubernetes' ? step.container.id : step.container.id.slice(0, 12)}
            </code>,
          ] satisfies [string, preact.ComponentChildren],
          [
            t('Image'),
            <code key="image" class="step-output">
              {step.container.image}
            </code>,
          ] satisfies [string, preact.ComponentChildren],
        ]),
    ...(step.output === null
      ? []
      : [
          [
            t('Output'),
            <code key="output" class="step-output">
              {JSON.stringify(step.output, null, 2)}
            </code>,
          ] satisfies [string, preact.ComponentChildren],
        ]),
  ];
}

function whyNoLog(step: JobStepView): string {
  switch (step.state) {
    case 'pending':
    case 'ready':
      return t('It has not begun.');
    case 'skipped':
      return t('It was skipped.');
    default:
      return step.action_type === 'task' ? t('Its steps are in a job of its own.') : t('It ran no script, so there is no output.');
  }
}
