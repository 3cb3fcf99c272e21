import type { Job } from '../../../../shared/workflows.ts';
import { duration } from '../../amounts.ts';
import { useResource } from '../../data/resource.ts';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { t } from '../../translate.ts';
import { getJob, listJobs } from './calls.ts';
import { outcomeOf, shortRevision } from './job-words.ts';
import { type Change, changesSince } from './since-green.ts';

/** Jobs that succeeded, of which the newest before this one is looked for. */
const LOOKED_AT = '50';

/** Of a job that failed: what was other the last time that it succeeded. */
export function SinceLastGreen({ job }: { job: Job }) {
  const green = useResource(async (signal) => {
    const { items } = await listJobs({ workspace: job.workspace, task: job.task, status: 'completed', limit: LOOKED_AT }, signal);
    const last = items.find(({ created_at }) => created_at < job.created_at);
    return last === undefined ? null : getJob(last.job_id, signal);
  }, `${job.job_id} ${job.ended_at}`);
  if (green.data === null) return null;
  const changes = changesSince(green.data, job);
  return (
    <Section
      title={t('Since it last succeeded')}
      help={rich('{job} was the last job of this task that succeeded.', {
        job: (
          <a href={`/jobs/${green.data.job_id}`}>
            <When at={green.data.created_at} />
          </a>
        ),
      })}
    >
      {changes.length === 0 ? (
        <p class="muted">{t('The same revision, with the same inputs: what changed lies outside.')}</p>
      ) : (
        <ul class="changes" aria-label={t('What changed')}>
          {changes.map((change, index) => (
            <li key={index}>{wordsFor(change)}</li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function wordsFor(change: Change): preact.ComponentChildren {
  const code = (text: string) => <code dir="auto">{text}</code>;
  switch (change.what) {
    case 'revision':
      return rich('The definitions: {before} → {now}', {
        before: code(shortRevision(change.before)),
        now: code(shortRevision(change.now)),
      });
    case 'input':
      return rich('The input {name}: {before} → {now}', {
        name: code(change.name),
        before: change.before === null ? t('none') : code(change.before),
        now: change.now === null ? t('none') : code(change.now),
      });
    case 'added':
      return rich('The step {step} is new', { step: code(change.step) });
    case 'removed':
      return rich('The step {step} is gone', { step: code(change.step) });
    case 'state':
      return rich('The step {step}: {before} → {now}', {
        step: code(change.step),
        before: outcomeOf({ state: change.before }).word,
        now: outcomeOf({ state: change.now }).word,
      });
    case 'slower':
      return rich('The step {step} took {now} rather than {before}', {
        step: code(change.step),
        before: duration(change.before_ms),
        now: duration(change.now_ms),
      });
  }
}
