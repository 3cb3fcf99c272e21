import { useSignal } from '@preact/signals';
import { RotateCw, Square } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { Job, JobStepView } from '../../../../shared/workflows.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { Back } from '../../parts/back.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Facts } from '../../parts/facts.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { say, toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { Approval } from './approval.tsx';
import { cancelJob, getJob, rerunJob } from './calls.ts';
import { chosenStep } from './chosen-step.ts';
import { Graph } from './graph.tsx';
import { graphOfJob } from './graph-of.tsx';
import { JobTook, startedBy } from './job-line.tsx';
import { isOver, outcomeOf, shortRevision, taskPath } from './job-words.ts';
import { useJobNews, withStep } from './live-jobs.ts';
import { SinceLastGreen } from './since-last-green.tsx';
import { StepPanel } from './step-panel.tsx';
import { JobTimeline } from './timeline.tsx';
import { ViewSwitch } from './view-switch.tsx';
import './job.css';
import { JobMark } from './state-mark.tsx';

/** One job: its steps as they go, what each prints, and what can be done about it. */
export function JobPage({ id }: { id: string }) {
  const job = useResource((signal) => getJob(id, signal));
  useJobNews(
    (news) => {
      if (news.job_id !== id) return;
      // Re-run, cancelled, over: more than the news say.
      if (news.state !== job.data?.state) job.again();
      job.update((now) => ({ ...now, ...news, stopping: now.stopping && news.ended_at === null }));
    },
    job.again,
    (of, step) => {
      if (of === id) job.update((now) => withStep(now, step));
    },
  );
  useSaidEnd(job.data);
  if (job.data === null)
    return (
      <div class="wide">
        <PageHead title={t('Job')} before={<Back href="/jobs" label={t('Jobs')} />} />
        {job.problem === null ? (
          <Loading what={t('the job')} />
        ) : (
          <Problem message={job.problem} action={<Button onClick={() => void job.reload()}>{t('Try again')}</Button>} />
        )}
      </div>
    );
  return <Shown job={job.data} problem={job.problem} onChanged={job.again} />;
}

function Shown({ job, problem, onChanged }: { job: Job; problem: string | null; onChanged: () => void }) {
  const { query } = useLocation();
  const narrow = matchMedia('(width < 48rem)').matches;
  const view = useSignal<'graph' | 'timeline'>(narrow ? 'timeline' : 'graph');
  const acting = useSignal<'cancel' | 'rerun' | null>(null);
  const panel = useRef<HTMLDivElement>(null);
  const step = chosenStep(job.steps, query['step']);
  const over = isOver(job);
  const waits = over ? [] : job.steps.filter(({ state, action_type }) => state === 'suspended' && action_type === 'approval');
  const mayRerun = over && job.state !== 'completed';

  function choose(name: string): void {
    navigate(`/jobs/${job.job_id}?step=${encodeURIComponent(name)}`, { replace: true });
    panel.current?.scrollIntoView({ block: 'nearest' });
  }
  async function act(what: 'cancel' | 'rerun', call: () => Promise<unknown>): Promise<void> {
    if (acting.peek() !== null) return;
    acting.value = what;
    try {
      await call();
      onChanged();
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    acting.value = null;
  }
  const rerun = (from: string | null): void =>
    void act('rerun', async () => {
      await rerunJob(job.job_id, from);
      say(t('It goes on.'));
    });

  return (
    <div class="wide job">
      <PageHead
        title={job.task}
        tab={`${outcomeOf(job).word} · ${job.task}`}
        before={<Back href={taskPath(job)} label={job.task} />}
        lead={
          <span class="job-lead">
            <JobMark of={job} />
            <JobTook job={job} />
          </span>
        }
      >
        {mayRerun && (
          <Button acts="rerun" icon={<RotateCw size={18} aria-hidden="true" />} busy={acting.value === 'rerun'} onClick={() => rerun(null)}>
            {t('Re-run what did not succeed')}
          </Button>
        )}
        {!over && (
          <Button
            acts="cancel"
            kind="danger"
            icon={<Square size={16} fill="currentColor" aria-hidden="true" />}
            busy={acting.value === 'cancel' || job.stopping}
            onClick={() => void act('cancel', () => cancelJob(job.job_id))}
          >
            {job.stopping ? t('Stopping…') : t('Cancel')}
          </Button>
        )}
      </PageHead>
      {problem !== null && <Problem message={problem} />}
      {job.error !== null && <p class={`job-error job-error-${outcomeOf(job).tone}`}>{job.error}</p>}
      {waits.map((one) => (
        <Approval key={`${one.name} ${one.attempt}`} job={job.job_id} step={one} onAnswered={onChanged} />
      ))}
      <Section title={t('Steps')} flush acts={<ViewSwitch other={t('Timeline')} value={view.value} onValue={(to) => setTo(view, to)()} />}>
        {view.value === 'graph' ? (
          <Graph steps={graphOfJob(job)} chosen={step === null ? null : (step.each?.step ?? step.name)} onChoose={choose} />
        ) : (
          <JobTimeline job={job} chosen={step?.name ?? null} onChoose={choose} />
        )}
      </Section>
      <div ref={panel}>
        {step !== null && (
          <StepPanel
            key={step.name}
            job={job}
            step={step}
            busy={acting.value === 'rerun'}
            onRerun={mayRerunFrom(job, step) ? () => rerun(step.name) : null}
          />
        )}
      </div>
      {job.state === 'failed' && <SinceLastGreen job={job} />}
      <Section title={t('About this job')}>
        <Facts facts={factsOf(job)} />
      </Section>
    </div>
  );
}

/** From a step that was reached: what lies before it is kept. */
function mayRerunFrom(job: Job, step: JobStepView): boolean {
  return isOver(job) && step.each === null && step.state !== 'skipped' && step.attempt > 0;
}

function factsOf(job: Job): [string, preact.ComponentChildren][] {
  const { source, source_id } = job;
  const from = source === 'task' || source === 'rerun' || source === 'hook';
  return [
    [
      t('Workspace'),
      <a key="workspace" href="/workflows">
        {job.workspace}
      </a>,
    ],
    [t('Revision'), <code key="revision">{shortRevision(job.revision)}</code>],
    [t('Started'), startedBy(job)],
    ...(source_id === null
      ? []
      : [
          [
            t('By'),
            from ? (
              <a key="by" href={`/jobs/${source_id}`}>
                {t('another job')}
              </a>
            ) : (
              source_id
            ),
          ] satisfies [string, preact.ComponentChildren],
        ]),
    [t('Asked for'), <When key="created" at={job.created_at} />],
    ...Object.entries(job.input).map(([name, value]): [string, preact.ComponentChildren] => [
      name,
      <code key={name} class="step-output">
        {typeof value === 'string' ? value : JSON.stringify(value)}
      </code>,
    ]),
  ];
}

/** Somebody who listens hears how it ended. */
function useSaidEnd(job: Job | null): void {
  const before = useRef<Job | null>(null);
  useEffect(() => {
    if (job !== null && before.current !== null && !isOver(before.current) && isOver(job)) say(`${job.task}: ${outcomeOf(job).word}`);
    before.current = job;
  }, [job]);
}
