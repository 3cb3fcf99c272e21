import { useSignal } from '@preact/signals';
import { Bell } from 'lucide-preact';
import type { NotifyDevice } from '../../../../shared/notify.ts';
import { sentence } from '../../api.ts';
import { NotAllowed, type Obstacle, obstacle, turnOn } from '../../data/push.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Install } from '../../parts/install.tsx';
import { rich } from '../../rich.ts';
import { t } from '../../translate.ts';
import { deviceOf } from '../account/device.ts';

/** The press after which this device is told; where that can't be, why, and what to do about it. */
export function TurnOn(props: { label: string; onOn: (device: NotifyDevice) => void }) {
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  /** The answer to the browser's question may be another obstacle. */
  const answered = useSignal(0);

  async function press(): Promise<void> {
    busy.value = true;
    problem.value = null;
    try {
      props.onOn(await turnOn(deviceOf(navigator.userAgent).name));
    } catch (error) {
      problem.value =
        error instanceof NotAllowed
          ? Notification.permission === 'denied'
            ? null
            : t('The question was closed without an answer. Press again, and allow it.')
          : error instanceof DOMException
            ? t('This browser could not reach its push service. Some browsers have none, or need it turned on in their settings.')
            : sentence(error);
    } finally {
      busy.value = false;
      answered.value += 1;
    }
  }

  const why = answered.value >= 0 ? obstacle() : null;
  if (why !== null) return <Obstructed why={why} />;
  return (
    <div class="stack">
      {problem.value !== null && <Problem message={problem.value} />}
      <div>
        <Button kind="primary" acts="tell" icon={<Bell size={18} aria-hidden="true" />} busy={busy.value} onClick={() => void press()}>
          {busy.value ? t('Asking…') : props.label}
        </Button>
      </div>
    </div>
  );
}

function Obstructed({ why }: { why: Obstacle }) {
  switch (why) {
    case 'insecure':
      return (
        <p>
          {rich(
            'A browser is told things only by a page that came over {https}. Reach Toru that way (docs/deploy.md), then come back here.',
            { https: <strong>https</strong> },
          )}
        </p>
      );
    case 'install':
      return (
        <div class="stack">
          <p>{t('On iPhone and iPad, only an app on the home screen is told. Put Toru there, open it, and turn this on inside it:')}</p>
          <Install what="Toru" />
        </div>
      );
    case 'denied':
      return (
        <p role="status">
          {rich(
            'Notifications of this page are {blocked} in this browser, so it is not asked again. Allow them: press the sign beside the address (on a phone: the system’s settings → Notifications → this app), then reload this page.',
            { blocked: <strong>{t('blocked')}</strong> },
          )}
        </p>
      );
    default:
      return <p>{t('This browser can’t be told anything while Toru is closed. Use another one, or the app of Toru.')}</p>;
  }
}
