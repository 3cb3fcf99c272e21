import { useEffect, useRef } from 'preact/hooks';
import type { Job, JobStepView, JobSummary } from '../../../../shared/workflows.ts';
import { connection } from '../../connection/page-connection.ts';
import { isJobSummary, isStep } from './guards.ts';

/** Hears of jobs while the component is there. @param caughtUp from now on nothing is missed: what was read before is read again. */
export function useJobNews(
  hear: (job: JobSummary) => void,
  caughtUp: () => void,
  hearStep?: (job: string, step: JobStepView) => void,
): void {
  const latest = useRef({ hear, caughtUp, hearStep });
  latest.current = { hear, caughtUp, hearStep };
  useEffect(
    () =>
      connection.onJob(
        (frame) => {
          if (frame.type === 'job') {
            if (isJobSummary(frame.job)) latest.current.hear(frame.job);
          } else if (frame.type === 'job_step' && isStep(frame.step)) latest.current.hearStep?.(frame.job_id, frame.step);
        },
        () => latest.current.caughtUp(),
      ),
    [],
  );
}

/** The job with this step as it is now. An instance that is new stands behind those of its loop that came before it. */
export function withStep(job: Job, step: JobStepView): Job {
  const at = job.steps.findIndex(({ name }) => name === step.name);
  if (at !== -1) return { ...job, steps: job.steps.with(at, step) };
  const { each } = step;
  const behind = job.steps.findLastIndex((one) =>
    each === null ? true : one.each === null ? one.name === each.step : one.each.step === each.step && one.each.index < each.index,
  );
  return { ...job, steps: job.steps.toSpliced(behind + 1, 0, step) };
}
