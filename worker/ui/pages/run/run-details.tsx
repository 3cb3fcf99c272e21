import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { isFinal } from '../../../../shared/run-state.ts';
import type { Run } from '../../../../shared/runs.ts';
import { duration } from '../../amounts.ts';
import { secondHand } from '../../clock.ts';
import { actions } from '../../data/known-actions.ts';
import { took } from '../../data/run-calls.ts';
import { spokenInputs } from '../../data/spoken-inputs.ts';
import { isAdmin, me } from '../../own-session.ts';
import { When } from '../../parts/when.tsx';
import { clockTime } from '../../time.ts';
import { msg, t } from '../../translate.ts';

const SOURCES: Record<Run['source'], string> = {
  page: msg('the page'),
  api: msg('the API'),
  cli: msg('the command line'),
  plugin: msg('a plugin'),
  workflow: msg('a workflow'),
  schedule: msg('a schedule'),
};

/** A screen with room for the details beside the output: run.css opens them there, this page in browsers that don’t know `::details-content`. */
const ROOMY = '(width >= 56rem) and (height >= 34rem)';

/** Whether a media query holds, and again whenever that changes; at first false, as the server draws it. */
function useMedia(query: string): boolean {
  const holds = useSignal(false);
  useEffect(() => {
    const media = matchMedia(query);
    const look = (): void => {
      holds.value = media.matches;
    };
    look();
    media.addEventListener('change', look);
    return () => media.removeEventListener('change', look);
  }, [query]);
  return holds.value;
}

/** Who, when, from where, how long, with what, how it ended: a line where there is little room, until it is opened. @param props.children what stands beside. */
export function RunDetails({ run, children }: { run: Run; children: ComponentChildren }) {
  const roomy = useMedia(ROOMY);
  return (
    <div class="run-about">
      <details class="run-details" open={roomy}>
        <summary class="small">
          {!roomy && (
            <>
              <When at={run.started_at ?? run.created_at} /> · <Took run={run} />
              {run.exit_code !== null && run.exit_code !== 0 && <> · {t('exit code {code}', { code: run.exit_code })}</>}
              {run.user_id !== me.value?.user.id && <> · {run.user}</>}
            </>
          )}
        </summary>
        <Facts run={run} />
      </details>
      {children}
    </div>
  );
}

function Facts({ run }: { run: Run }) {
  const inputs = spokenInputs(
    run,
    actions.value?.find((action) => action.id === run.action),
  );
  return (
    <dl class="run-facts">
      <Fact name={t('Started')}>
        <When at={run.started_at ?? run.created_at} />
        {run.started_at === null && run.state === 'queued' && ` (${t('queued')})`}
      </Fact>
      <Fact name={isFinal(run.state) ? t('Took') : t('Running for')}>
        <Took run={run} />
      </Fact>
      {run.exit_code !== null && <Fact name={t('Exit code')}>{run.exit_code}</Fact>}
      {run.signal !== null && <Fact name={t('Signal')}>{run.signal}</Fact>}
      <Fact name={t('By')}>
        {run.user_id === me.value?.user.id ? t('you') : run.user}, {t(SOURCES[run.source])}
        {isAdmin.value && run.address !== null && <span class="muted"> ({run.address})</span>}
      </Fact>
      {run.script !== undefined && (
        <Fact name={t('Script')} wide>
          <code>{[run.script, ...(run.args ?? []).map(shown)].join(' ')}</code>
        </Fact>
      )}
      {inputs.map(({ question, answer }) => (
        <Fact key={question} name={question}>
          {answer}
        </Fact>
      ))}
    </dl>
  );
}

function Fact(props: { name: string; wide?: boolean; children: ComponentChildren }) {
  return (
    <div class={'run-fact'}>
      <dt dir="auto">{props.name}</dt>
      <dd dir="auto">{props.children}</dd>
    </div>
  );
}

function Took({ run }: { run: Run }) {
  if (run.started_at === null) return <>—</>;
  if (run.ended_at === null) return <>{clockTime(took(run, secondHand.value) ?? 0)}</>;
  return <>{duration(took(run, 0) ?? 0)}</>;
}

/** An argument as it could be typed, so that where one ends can be seen. */
function shown(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
