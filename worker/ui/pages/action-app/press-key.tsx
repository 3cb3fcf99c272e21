import { useSignal } from '@preact/signals';
import { Hourglass, Play, Square, WifiOff } from 'lucide-preact';
import { isFinal } from '../../../../shared/run-state.ts';
import { sentence } from '../../api.ts';
import { cancelRun } from '../../data/change-run.ts';
import { hostName } from '../../data/pending.ts';
import { hostPresence } from '../../data/presence.ts';
import type { AnyAction } from '../../guards.ts';
import { isAdmin, me } from '../../own-session.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { pressAgain, starting } from '../actions/press.ts';
import { isActive } from '../actions/tile.tsx';

/** The key under the thumb: runs the action, or asks as it says. While a run is under way, the same place stops it. */
export function PressKey(props: { action: AnyAction; onStarted: () => void }) {
  const { action } = props;
  const presence = hostPresence.value.kind;
  if (action.problem !== null) {
    return (
      <Problem
        message={action.problem}
        action={isAdmin.value && <ButtonLink href={`/actions/${encodeURIComponent(action.id)}/edit`}>{t('Edit the action')}</ButtonLink>}
      />
    );
  }
  if (isActive(action) && presence !== 'host_away') return <Running action={action} onStarted={props.onStarted} />;
  const away = presence === 'host_away' || presence === 'no_host';
  const offline = presence === 'network_away';
  const busy = starting.value.has(action.id);
  const Icon = offline ? WifiOff : away ? Hourglass : Play;
  const word = offline
    ? t('This device is offline')
    : away
      ? t('Run when {hostName} is back', { hostName: hostName.value })
      : busy
        ? t('Starting…')
        : wordFor(action);
  return (
    <Button
      acts="run"
      class="app-key"
      kind="primary"
      busy={busy}
      disabled={offline || presence === 'no_host'}
      icon={<Icon size={28} aria-hidden="true" />}
      onClick={() => pressAgain(action, { onStarted: props.onStarted })}
    >
      {word}
    </Button>
  );
}

/** A key that asks first says so by its dots. */
function wordFor({ inputs, confirm }: AnyAction): string {
  return inputs.length > 0 || confirm !== 'none' ? t('Run…') : t('Run');
}

function Running({ action, onStarted }: { action: AnyAction; onStarted: () => void }) {
  const stopping = useSignal<string | null>(null);
  const run = action.last_run;
  // Another's run is an admin's to stop.
  const stops = run !== null && !isFinal(run.state) && (isAdmin.value || run.user_id === me.value?.user.id) ? run : null;
  const isStopping = stops !== null && stopping.value === stops.task_id;

  async function stop(taskId: string): Promise<void> {
    stopping.value = taskId;
    try {
      await cancelRun(taskId);
    } catch (error) {
      stopping.value = null;
      toast(sentence(error), 'bad');
    }
  }
  return (
    <div class="app-keys">
      <Button acts="again" busy={starting.value.has(action.id)} onClick={() => pressAgain(action, { onStarted })}>
        {t('Run another')}
      </Button>
      {stops !== null && (
        <Button
          acts="cancel"
          kind="danger"
          class="app-key"
          busy={isStopping}
          icon={<Square size={22} fill="currentColor" aria-hidden="true" />}
          onClick={() => void stop(stops.task_id)}
        >
          {isStopping ? t('Stopping…') : t('Cancel')}
        </Button>
      )}
    </div>
  );
}
