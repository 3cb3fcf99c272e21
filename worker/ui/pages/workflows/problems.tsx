import type { Problem, Workspace } from '../../../../shared/workflows.ts';
import { rich } from '../../rich.ts';
import { plural, t } from '../../translate.ts';
import { shortRevision } from './job-words.ts';
import './problems.css';

/** So many are shown: the first ones are looked at first. */
const MOST = 20;

/** What is wrong with the newest revision of a workspace, where, and what goes on meanwhile. */
export function Problems({ workspace }: { workspace: Workspace }) {
  const { error, revision, seen_revision } = workspace;
  const { problems } = workspace;
  if (error === null && problems.length === 0) return null;
  const goesOn =
    revision === null
      ? t('No revision of it was good yet, so nothing of it runs.')
      : rich('Revision {revision} goes on meanwhile.', { revision: <code>{shortRevision(revision)}</code> });
  return (
    <div class="flow-problems">
      {error !== null && (
        <p class="flow-problem-head" role="alert">
          {error} {goesOn}
        </p>
      )}
      {problems.length > 0 && (
        <>
          <p class="flow-problem-head" role="alert">
            {rich('Revision {revision} has errors.', { revision: <code>{shortRevision(seen_revision ?? '')}</code> })} {goesOn}
          </p>
          <List label={t('Errors')} problems={problems} />
        </>
      )}
    </div>
  );
}

function List({ label, problems }: { label: string; problems: readonly Problem[] }) {
  return (
    <ol class="flow-problem-list" aria-label={label}>
      {problems.slice(0, MOST).map((problem, index) => (
        <li key={index}>
          <code>{`${problem.file}:${problem.line}:${problem.column}`}</code>{' '}
          <span dir="auto">
            {problem.message} {problem.next}
          </span>
        </li>
      ))}
      {problems.length > MOST && <li>{plural(problems.length - MOST, 'and 1 more', 'and {count} more')}</li>}
    </ol>
  );
}
