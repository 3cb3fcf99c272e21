import type { JobSummary } from '../../../../shared/workflows.ts';
import { duration } from '../../amounts.ts';
import { secondHand } from '../../clock.ts';
import { me } from '../../own-session.ts';
import { Elapsed, When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';
import { isOver, outcomeOf, SOURCES, shortRevision, tookOf } from './job-words.ts';
import { JobMark } from './state-mark.tsx';

/** A job in a list: a line that leads to it. It looks as a run's does. @param named with the task's name. */
export function JobLine({ job, named }: { job: JobSummary; named: boolean }) {
  return (
    <li class="run-line" data-tone={outcomeOf(job).tone}>
      <a class="run-row" href={`/jobs/${job.job_id}`}>
        <JobMark of={job} />
        <span class="run-row-what">
          <strong class="cut" dir="auto">
            {named ? job.task : startedBy(job)}
          </strong>
          <span class="run-row-detail cut">
            {job.error ?? (named ? `${job.workspace} · ${startedBy(job)}` : shortRevision(job.revision))}
          </span>
        </span>
        <span class="run-row-who cut">{named ? shortRevision(job.revision) : ''}</span>
        <span class="run-row-took">
          <JobTook job={job} />
        </span>
        <span class="run-row-when">
          <When at={job.created_at} />
        </span>
      </a>
    </li>
  );
}

/** How long it took, or has taken so far. */
export function JobTook({ job }: { job: JobSummary }) {
  if (job.started_at === null) return null;
  if (!isOver(job)) return <Elapsed since={job.started_at} />;
  return <>{duration(tookOf(job, secondHand.peek()) ?? 0)}</>;
}

/** “ada, on the page” */
export function startedBy(job: JobSummary): string {
  const how = Object.hasOwn(SOURCES, job.source) ? t(SOURCES[job.source]) : job.source;
  const who = job.user_id === me.peek()?.user.id ? t('you') : job.user;
  return who === '' ? how : t('{who}, {how}', { who, how });
}
