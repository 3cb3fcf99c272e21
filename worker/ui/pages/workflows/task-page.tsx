import { useSignal } from '@preact/signals';
import { Play } from 'lucide-preact';
import { useRef } from 'preact/hooks';
import { ToruError } from '../../../../shared/errors.ts';
import type { JobSummary, TaskView } from '../../../../shared/workflows.ts';
import { duration } from '../../amounts.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { Back } from '../../parts/back.tsx';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { Form } from '../../parts/form.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { Section } from '../../parts/section.tsx';
import { t } from '../../translate.ts';
import { Bars } from '../runs/bars.tsx';
import { SchedulesOf } from '../schedules/schedules-section.tsx';
import { TriggerList } from '../schedules/trigger-list.tsx';
import { executeTask, getTask } from './calls.ts';
import { FlowForm, useFlowForm } from './flow-form.tsx';
import { answersFrom, questionsOf } from './flow-inputs.ts';
import { Graph } from './graph.tsx';
import { graphOfTask } from './graph-of.tsx';
import { JobLine } from './job-line.tsx';
import { isOver, outcomeOf, tookOf } from './job-words.ts';
import { useJobNews } from './live-jobs.ts';
import { StepTable } from './step-table.tsx';
import { ViewSwitch } from './view-switch.tsx';
import { WhoMayRun } from './who-may-run.tsx';
import '../runs.css';
import './workflows.css';

/** One task: what it asks, its steps, how its last jobs went, what starts it. */
export function TaskPage({ ws, name }: { ws: string; name: string }) {
  const task = useResource((signal) => getTask(ws, name, signal));
  useJobNews((job) => {
    if (job.workspace === ws && job.task === name) task.again();
  }, task.again);
  if (task.data === null)
    return (
      <div class="wide">
        <PageHead title={name} before={<Back href="/workflows" label={t('Workflows')} />} />
        {task.problem === null ? (
          <Loading what={t('the task')} />
        ) : (
          <Problem message={task.problem} action={<Button onClick={() => void task.reload()}>{t('Try again')}</Button>} />
        )}
      </div>
    );
  return <Shown task={task.data} problem={task.problem} onChanged={task.again} />;
}

function Shown(props: { task: TaskView; problem: string | null; onChanged: () => void }) {
  const { task } = props;
  const view = useSignal<'graph' | 'timeline'>(matchMedia('(width < 48rem)').matches ? 'timeline' : 'graph');
  const chosen = useSignal<string | null>(null);
  return (
    <div class="wide">
      <PageHead
        title={task.title}
        before={<Back href="/workflows" label={task.workspace} />}
        {...(task.description === '' ? {} : { lead: <span dir="auto">{task.description}</span> })}
      />
      {props.problem !== null && <Problem message={props.problem} />}
      <RunForm task={task} />
      <Section title={t('Steps')} flush acts={<ViewSwitch other={t('Table')} value={view.value} onValue={(to) => (view.value = to)} />}>
        {view.value === 'graph' ? (
          <Graph steps={graphOfTask(task.flow)} chosen={chosen.value} onChoose={(step) => (chosen.value = step)} />
        ) : (
          <StepTable flow={task.flow} />
        )}
      </Section>
      {isAdmin.value && (task.chain === true ? <ChainSchedules task={task} /> : <Triggers task={task} />)}
      <LastJobs task={task} />
      {isAdmin.value && <WhoMayRun task={task} onChanged={props.onChanged} />}
    </div>
  );
}

/** What starts it by itself; nothing where nothing does. */
function Triggers({ task }: { task: TaskView }) {
  if (task.triggers === undefined || task.triggers === 0) return null;
  return (
    <Section title={t('Triggers')} flush>
      <TriggerList workspace={task.workspace} task={task.name} revision={task.revision} news={task.last_job} />
    </Section>
  );
}

/** When two actions, one after the other, run by themselves. */
function ChainSchedules({ task }: { task: TaskView }) {
  const of = { chain: task.name };
  const inputs = questionsOf(task.input).map(({ input }) => input);
  return <SchedulesOf of={of} scheduled={{ of, label: task.title, inputs, given: (values) => answersFrom(task.input, values) }} />;
}

/** What it asks, and the button that runs it. */
function RunForm({ task }: { task: TaskView }) {
  const form = useFlowForm(task.input);
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  /** Of the press under way: one that got no answer may have started it, and the next press is the same one then. */
  const press = useRef<{ input: string; id: string } | null>(null);
  const asks = form.questions.length > 0;
  async function run(): Promise<void> {
    if (busy.peek()) return;
    const input = form.check();
    if (input === null) return;
    busy.value = true;
    problem.value = null;
    const text = JSON.stringify(input);
    if (press.current?.input !== text) press.current = { input: text, id: crypto.randomUUID() };
    try {
      const job = await executeTask(task.workspace, task.name, input, press.current.id);
      press.current = null;
      navigate(`/jobs/${job}`);
    } catch (error) {
      const message = sentence(error);
      const isUnanswered = error instanceof ToruError && error.code === 'host_timeout';
      if (!isUnanswered) press.current = null;
      if (!(error instanceof ToruError && form.blame(error.extra['input'], message))) problem.value = message;
      busy.value = false;
    }
  }
  return (
    <Form class={asks ? 'section-body stack flow-form' : 'stack flow-form'} noValidate onSubmit={run}>
      {problem.value !== null && <Problem message={problem.value} />}
      <FlowForm form={form} />
      <div class="row">
        <Button acts="run" kind="primary" type="submit" busy={busy.value} icon={<Play size={18} fill="currentColor" aria-hidden="true" />}>
          {busy.value ? t('Starting…') : t('Run')}
        </Button>
      </div>
    </Form>
  );
}

function LastJobs({ task }: { task: TaskView }) {
  const jobs = task.last_jobs;
  // One that is under way has no length yet, and failed at nothing.
  const over = jobs.filter(isOver);
  const all = `/jobs?workspace=${encodeURIComponent(task.workspace)}&task=${encodeURIComponent(task.name)}`;
  return (
    <Section title={t('Last jobs')} acts={jobs.length > 0 && <ButtonLink href={all}>{t('All jobs')}</ButtonLink>} flush>
      {jobs.length === 0 ? (
        <Empty title={t('It has never run')} />
      ) : (
        <>
          {over.length > 0 && (
            <div class="flow-bars">
              <Bars
                label={t('The last {count} jobs, the newest last', { count: over.length })}
                bars={over.toReversed().map((job) => ({
                  id: job.job_id,
                  href: `/jobs/${job.job_id}`,
                  at: job.created_at,
                  result: job.state === 'completed' ? 'succeeded' : job.state,
                  word: outcomeOf(job).word,
                  ms: tookOf(job, 0),
                }))}
              />
              <Usual jobs={jobs} />
            </div>
          )}
          <ul class="flow-jobs" aria-label={t('Last jobs')}>
            {jobs.slice(0, 5).map((job) => (
              <JobLine key={job.job_id} job={job} named={false} />
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

/** How many succeeded, and how long those took. */
function Usual({ jobs }: { jobs: readonly JobSummary[] }) {
  const over = jobs.filter(isOver);
  const times = over.flatMap((job) => (job.state === 'completed' ? (tookOf(job, 0) ?? []) : [])).toSorted((a, b) => a - b);
  const middle = times[Math.floor(times.length / 2)];
  if (over.length === 0) return null;
  return (
    <p class="muted small">
      {t('{good} of the last {all} succeeded.', { good: times.length, all: over.length })}{' '}
      {middle !== undefined && t('Half take up to {time}.', { time: duration(middle) })}
    </p>
  );
}
