import { useSignal } from '@preact/signals';
import { CircleAlert, CircleCheck, Hourglass, X } from 'lucide-preact';
import { unreachable } from '../../../../shared/errors.ts';
import type { PendingRun } from '../../../../shared/hosts.ts';
import { hostNow } from '../../clock.ts';
import { drop } from '../../data/ask-to-wait.ts';
import { actions } from '../../data/known-actions.ts';
import { hostName, isOwn, nameOf, pendingRuns } from '../../data/pending.ts';
import { hostPresence } from '../../data/presence.ts';
import { runPath } from '../../navigation.ts';
import { Badge } from '../../parts/badge.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { shortTime } from '../../time.ts';
import { msg, t } from '../../translate.ts';
import { RunScript } from '../scripts/run-script.tsx';
import { asking, pressAgain } from './press.ts';
import { PressSheet } from './press-sheet.tsx';
import './pending-list.css';

/**
 * Runs that wait for the host, and what came of them. `sheet`: the page around has no place for what a press asks.
 * `of`: only those of this action.
 */
export function PendingList(props: { sheet?: boolean; of?: string }) {
  const script = useSignal<PendingRun | null>(null);
  const runs = pendingRuns.value.filter(({ action }) => props.of === undefined || action === props.of);
  const settled = runs.filter(({ state }) => state !== 'waiting');

  function again(run: PendingRun): void {
    const action = actions.value?.find(({ id }) => id === run.action);
    if (run.script !== null) script.value = run;
    else if (action !== undefined) pressAgain(action, { onAsked: () => void drop(run) });
  }

  return (
    <>
      {runs.length > 0 && (
        <Section
          title={settled.length === runs.length ? t('Waited for the host') : t('Waiting for {hostName}', { hostName: hostName.value })}
          flush
          acts={
            settled.length > 1 && (
              <Button kind="ghost" small aria-label={t('Clear what has started or was not')} onClick={() => void drop(...settled)}>
                {t('Clear')}
              </Button>
            )
          }
        >
          <div class="pending">
            <Listing label={t('Runs that wait for the host')}>
              {runs.map((run) => (
                <Pending key={run.request_id} run={run} onAgain={() => again(run)} />
              ))}
            </Listing>
          </div>
        </Section>
      )}
      {script.value?.script != null && (
        <RunScript
          script={{ name: script.value.script, description: '' }}
          onClose={setTo(script, null)}
          onStarted={() => {
            if (script.value !== null) void drop(script.value);
          }}
        />
      )}
      {props.sheet === true && asking.value !== null && <PressSheet key={asking.value.action.id} question={asking.value} />}
    </>
  );
}

function Pending({ run, onAgain }: { run: PendingRun; onAgain: () => void }) {
  const name = nameOf(run);
  const shared = { lead: <Sign run={run} />, title: <Title run={run} name={name} /> };
  const dismiss = (
    <Button kind="ghost" small aria-label={t('Dismiss {name}', { name })} icon={<X size={18} />} onClick={() => void putAway(run)} />
  );
  switch (run.state) {
    case 'waiting':
      return (
        <Line
          {...shared}
          acts={
            <Button acts="withdraw" small aria-label={t('Withdraw {name}', { name })} onClick={() => void putAway(run)}>
              {t('Withdraw')}
            </Button>
          }
        >
          {rich(isOwn(run) ? 'Asked {when}, waits until {time}' : 'Asked {when} by another user, waits until {time}', {
            when: <When at={run.created_at} />,
            time: shortTime(Date.parse(run.expires_at), hostNow()),
          })}
        </Line>
      );
    case 'started':
      return (
        <Line {...shared} {...(run.task_id === null ? {} : { href: runPath(run.task_id) })} acts={dismiss}>
          {rich('Asked {when}, started when the host was back', { when: <When at={run.created_at} /> })}
        </Line>
      );
    case 'expired':
    case 'refused':
      return (
        <Line
          {...shared}
          acts={
            <>
              {hostPresence.value.kind === 'online' && isRepeatable(run) && (
                <Button acts="run" small aria-label={t('Run {name} now', { name })} onClick={onAgain}>
                  {t('Run now')}
                </Button>
              )}
              {dismiss}
            </>
          }
        >
          {rich('Asked {when}. {message}', { when: <When at={run.created_at} />, message: run.message })}
        </Line>
      );
    default:
      return unreachable(run.state);
  }
}

/** Its row goes: what had the focus there gives it to the page. */
async function putAway(run: PendingRun): Promise<void> {
  await drop(run);
  document.getElementById('main')?.focus({ preventScroll: true });
}

/** An action may be gone meanwhile, or no longer shared. */
function isRepeatable(run: PendingRun): boolean {
  return run.script !== null || (actions.value ?? []).some(({ id }) => id === run.action);
}

const SIGNS = { waiting: Hourglass, started: CircleCheck, expired: CircleAlert, refused: CircleAlert } as const;
const BADGES = { waiting: 'wait', started: 'ok', expired: 'bad', refused: 'bad' } as const;
const WORDS = { waiting: msg('Waiting'), started: msg('Started'), expired: msg('Expired'), refused: msg('Refused') } as const;

function Sign({ run }: { run: PendingRun }) {
  const Icon = SIGNS[run.state];
  return <Icon size={20} aria-hidden="true" />;
}

function Title({ run, name }: { run: PendingRun; name: string }) {
  return (
    <>
      <span class={run.script === null ? '' : 'mono'} dir="auto">
        {name}
      </span>
      <Badge tone={BADGES[run.state]}>{t(WORDS[run.state])}</Badge>
    </>
  );
}
