import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { NotifyDevice, TellWhen } from '../../../../shared/notify.ts';
import { useAttempts } from '../../data/attempt.ts';
import { followAction, loadNotify, tellOfRun, thisDevice } from '../../data/push.ts';
import { type TellAbout, tellAbout } from '../../data/tell-me.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { msg, t } from '../../translate.ts';
import { TurnOn } from './turn-on.tsx';

const WHEN = [
  { value: 'always', label: msg('Always') },
  { value: 'failure', label: msg('When it fails') },
  { value: 'never', label: msg('Never') },
] as const satisfies readonly { value: TellWhen; label: string }[];

/** “Tell me when it ends”: on this device, of one run or of an action's runs. */
export function TellMeSheet({ about }: { about: TellAbout }) {
  const { problem, attempt } = useAttempts();
  const loaded = useSignal(false);
  const label = 'run' in about ? about.label : about.action.label;

  function close(): void {
    tellAbout.value = null;
  }
  function load(): Promise<void> {
    return attempt(async () => {
      await loadNotify();
      loaded.value = true;
    });
  }
  useEffect(() => {
    void load();
  }, []);

  function ofRun(device: NotifyDevice, run: string): Promise<void> {
    return attempt(async () => {
      await tellOfRun(device.id, run, true);
      toast(t('This device is told when it ends.'), 'ok');
      close();
    });
  }

  const device = thisDevice.value;
  return (
    <Sheet title={t('Tell me when it ends: {label}', { label })} onClose={close}>
      <div class="stack">
        {problem.value !== null && (
          <Problem message={problem.value} action={<Button onClick={() => void load()}>{t('Try again')}</Button>} />
        )}
        {!loaded.value && problem.value === null && <Loading what={t('this device’s choices')} rows={2} />}
        {loaded.value && device === null && (
          <>
            <p>{t('This device gets a notification, also while Toru is closed: the label and how it ended, nothing else.')}</p>
            <TurnOn label={t('Turn on, on this device')} onOn={(on) => void ('run' in about ? ofRun(on, about.run) : undefined)} />
          </>
        )}
        {loaded.value &&
          device !== null &&
          ('run' in about ? (
            <SheetButtons>
              {device.runs.includes(about.run) ? (
                <Button onClick={() => void attempt(() => tellOfRun(device.id, about.run, false))}>{t('Don’t tell me')}</Button>
              ) : (
                <Button kind="primary" acts="tell" onClick={() => void ofRun(device, about.run)}>
                  {t('Tell this device')}
                </Button>
              )}
            </SheetButtons>
          ) : (
            <Choice
              label={t('This device is told')}
              options={WHEN}
              value={device.follows.find(({ action }) => action === about.action.id)?.when ?? 'never'}
              onValue={(when) => void attempt(() => followAction(device.id, about.action.id, when))}
            />
          ))}
        <p class="small muted">
          {rich('Runs that you start, quiet hours and your other devices: under {account}.', {
            account: (
              <a href="/account" onClick={close}>
                {t('Account')}
              </a>
            ),
          })}
        </p>
      </div>
    </Sheet>
  );
}
