import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { encode } from 'uqr';
import { isLoopback } from '../../../../shared/served-host.ts';
import type { DeviceCode, DeviceCodeState } from '../../../../shared/users.ts';
import { home, read, sentence } from '../../api.ts';
import { deviceCodeFor } from '../../data/device-code.ts';
import { isAnything, isRecord } from '../../guards.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { deviceOf } from './device.ts';
import './device-code.css';

/** How often the host is asked whether a device came. */
const EVERY_MS = 1000;

/** A code for the phone's camera: it opens the same place there, logged in, after a word of confirmation here. */
export function DeviceCodeSheet({ place }: { place: string }) {
  const code = useSignal<DeviceCode | null>(null);
  const now = useSignal<DeviceCodeState>({ state: 'open', device: null });
  const problem = useSignal<string | null>(null);
  const deciding = useSignal(false);

  function close(): void {
    deviceCodeFor.value = null;
  }
  async function show(): Promise<void> {
    code.value = null;
    problem.value = null;
    now.value = { state: 'open', device: null };
    try {
      code.value = await read(isDeviceCode, home['login-links'].devices.$post());
    } catch (error) {
      problem.value = sentence(error);
    }
  }
  async function look(id: string): Promise<void> {
    const state = await read(isDeviceCodeState, home['login-links'].devices[':id'].$get({ param: { id } }));
    if (code.peek()?.id !== id) return;
    const isConfirmed = now.peek().state === 'allowed';
    // An answer from before the confirmation, which a slow line brings behind it.
    if (isConfirmed && state.state === 'asks') return;
    now.value = state;
    if (!isConfirmed || state.state !== 'gone') return;
    toast(t('The other device is logged in.'), 'ok');
    close();
  }
  async function decide(id: string, allow: boolean): Promise<void> {
    deciding.value = true;
    try {
      await read(isAnything, home['login-links'].devices[':id'].$put({ param: { id }, json: { allow } }));
      if (allow) now.value = { ...now.peek(), state: 'allowed' };
      else close();
    } catch (error) {
      problem.value = sentence(error);
    } finally {
      deciding.value = false;
    }
  }
  useEffect(() => {
    void show();
  }, []);
  const id = code.value?.id;
  useEffect(() => {
    if (id === undefined) return undefined;
    const timer = setInterval(() => void look(id).catch(() => undefined), EVERY_MS);
    return () => clearInterval(timer);
  }, [id]);

  const { state, device } = now.value;
  const again = (
    <Button acts="show" onClick={() => void show()}>
      {t('Show another code')}
    </Button>
  );
  return (
    <Sheet title={t('Open this on your phone')} onClose={close}>
      {problem.value !== null ? (
        <Problem message={problem.value} action={again} />
      ) : code.value === null ? (
        <Loading what={t('a code')} rows={3} />
      ) : state === 'gone' ? (
        <Problem message={t('This code is used up, or older than two minutes.')} action={again} />
      ) : state === 'open' ? (
        <Shown place={place} code={code.value.code} />
      ) : (
        <div class="stack" role="alert">
          <p>
            {rich('{device} at {address} came with this code.', {
              device: <strong>{deviceOf(device?.user_agent ?? '').name}</strong>,
              address: device?.address,
            })}{' '}
            {state === 'allowed' ? t('It is being logged in…') : t('Is it yours? It gets your rights, until you log it out under Account.')}
          </p>
          <SheetButtons>
            <Button disabled={state === 'allowed'} busy={deciding.value} onClick={() => void decide(id ?? '', false)}>
              {t('Not mine')}
            </Button>
            <Button acts="allow" kind="primary" busy={deciding.value || state === 'allowed'} onClick={() => void decide(id ?? '', true)}>
              {t('Let it in')}
            </Button>
          </SheetButtons>
        </div>
      )}
    </Sheet>
  );
}

function Shown({ place, code }: { place: string; code: string }) {
  const link = `${location.origin}/login?next=${encodeURIComponent(place)}#code=${code}`;
  return (
    <div class="device-code">
      <Picture text={link} />
      <ol>
        <li>{t('Point the phone’s camera at this, and open the link.')}</li>
        <li>{t('Tap “Log in with this link” there.')}</li>
        <li>{t('Confirm it here. The code works once, for two minutes.')}</li>
      </ol>
      {isLoopback(location.hostname) && (
        <p class="small">
          {rich(
            'You reach Toru at {host}, which is this machine’s own name for itself: a phone does not get there. Open this page under the address that the phone uses (docs/deploy.md).',
            { host: <code>{location.host}</code> },
          )}
        </p>
      )}
    </div>
  );
}

/** Dark on light in both themes: many cameras read nothing else. */
function Picture({ text }: { text: string }) {
  const { size, data } = encode(text, { ecc: 'L', border: 2 });
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <svg class="device-code-picture" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t('Code for the phone’s camera')}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}

function isDeviceCode(value: unknown): value is DeviceCode {
  return isRecord(value) && ['id', 'code', 'expires_at'].every((name) => typeof value[name] === 'string');
}

const STATES: readonly unknown[] = ['open', 'asks', 'allowed', 'gone'];
function isDeviceCodeState(value: unknown): value is DeviceCodeState {
  if (!isRecord(value) || !STATES.includes(value['state'])) return false;
  const { device } = value;
  return device === null || (isRecord(device) && typeof device['address'] === 'string' && typeof device['user_agent'] === 'string');
}
