import { useSignal } from '@preact/signals';
import { Bell, BellOff, Send } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import type { NotifyDevice, TellWhen } from '../../../../shared/notify.ts';
import { sentence } from '../../api.ts';
import { hostNow } from '../../clock.ts';
import { useAttempts } from '../../data/attempt.ts';
import { actions } from '../../data/known-actions.ts';
import { change, followAction, loadNotify, notifySelf, sendTest, thisDevice, turnOff } from '../../data/push.ts';
import { useResource } from '../../data/resource.ts';
import { isAdmin } from '../../own-session.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Field, Switch } from '../../parts/field.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { shortTime } from '../../time.ts';
import { toast } from '../../toasts.ts';
import { msg, shown, t } from '../../translate.ts';
import { TurnOn } from '../notifications/turn-on.tsx';

const OWN = [
  { value: 'always', label: msg('Always') },
  { value: 'failure', label: msg('When one fails') },
  { value: 'never', label: msg('Never') },
] as const satisfies readonly { value: TellWhen; label: string }[];

const WORDS: Readonly<Record<TellWhen, string>> = { always: msg('always'), failure: msg('when it fails'), never: msg('never') };

/** Which of one's devices are told when a run ends, and what this one is told of. */
export function Notifications() {
  const { problem, reload } = useResource(loadNotify);
  const self = notifySelf.value;
  const device = thisDevice.value;
  return (
    <Section
      title={t('Told when it ends')}
      help={t('A notification, also while Toru is closed: a run’s label and how it ended, or how the host is, nothing else.')}
    >
      <div class="stack">
        {problem !== null && <Problem message={problem} action={<Button onClick={() => void reload()}>{t('Try again')}</Button>} />}
        {self === null && problem === null && <Loading what={t('your devices')} rows={2} />}
        {self !== null && self.test_origin !== null && (
          <Problem
            message={t('This host is set up for tests: {test_origin} counts as a push service (TORU_TEST_PUSH_ORIGIN).', {
              test_origin: self.test_origin,
            })}
          />
        )}
        {self !== null && device === null && (
          <TurnOn label={t('Turn on, on this device')} onOn={() => toast(t('This device is told from now on.'), 'ok')} />
        )}
        {device !== null && <ThisDevice key={device.id} device={device} />}
        {self !== null && self.items.length > 0 && <Devices items={self.items} />}
      </div>
    </Section>
  );
}

function ThisDevice({ device }: { device: NotifyDevice }) {
  const { problem, attempt } = useAttempts();
  const testing = useSignal(false);
  const { texts } = shown.value;
  useEffect(() => {
    const { lang } = document.documentElement;
    // Told in the language of its page. Whoever has no host now is asked at the next visit.
    if (lang !== (device.language ?? 'en')) change(device.id, { language: lang }).catch(() => undefined);
  }, [texts]);

  async function test(): Promise<void> {
    testing.value = true;
    await attempt(async () => {
      await sendTest(device.id);
      toast(t('Sent. It should show within seconds.'), 'ok');
    });
    testing.value = false;
  }

  return (
    <>
      {problem.value !== null && <Problem message={problem.value} />}
      <Choice
        label={t('Runs that I start')}
        options={OWN}
        value={device.own_runs}
        onValue={(own_runs) => void attempt(() => change(device.id, { own_runs }))}
      />
      <Switch
        label={t('The host is away, and back')}
        help={t('From the edge, some minutes after it was last heard. Where the edge runs on the host itself, it goes away with it.')}
        checked={device.host}
        onChange={(host) => void attempt(() => change(device.id, { host }))}
      />
      {isAdmin.value && (
        <Switch
          label={t('The host is full or busy, and no longer')}
          help={t('A disk, the memory or the processor crosses its threshold (Settings, Watching the host).')}
          checked={device.thresholds}
          onChange={(thresholds) => void attempt(() => change(device.id, { thresholds }))}
        />
      )}
      {isAdmin.value && (
        <Choice
          label={t('Jobs that start by themselves')}
          options={OWN}
          value={device.jobs ?? 'failure'}
          onValue={(jobs) => void attempt(() => change(device.id, { jobs }))}
        />
      )}
      {isAdmin.value && device.jobs !== 'never' && (
        <p class="small muted">{t('And a trigger that could not start one, and what a job asks.')}</p>
      )}
      {isAdmin.value && (
        <Switch
          label={t('A terminal wants something')}
          help={t('A program asks for permission, waits, is done or does not go on.')}
          checked={device.terminals ?? false}
          onChange={(terminals) => void attempt(() => change(device.id, { terminals }))}
        />
      )}
      {isAdmin.value && (
        <Switch
          label={t('A terminal rings')}
          help={t('Where nobody typed just now, once a minute at most for each terminal.')}
          checked={device.bells ?? false}
          onChange={(bells) => void attempt(() => change(device.id, { bells }))}
        />
      )}
      <Quiet device={device} onChange={(quiet) => void attempt(() => change(device.id, { quiet }))} />
      <Pause device={device} onChange={(silent_until) => void attempt(() => change(device.id, { silent_until }))} />
      {device.follows.length > 0 && (
        <Listing label={t('Actions that this device follows')}>
          {device.follows.map(({ action, when }) => (
            <Line
              key={action}
              lead={<Bell size={20} aria-hidden="true" />}
              title={actions.value?.find(({ id }) => id === action)?.label ?? action}
              acts={
                <Button small onClick={() => void attempt(() => followAction(device.id, action, 'never'))}>
                  {t('Stop')}
                </Button>
              }
            >
              {t(WORDS[when])}
            </Line>
          ))}
        </Listing>
      )}
      <div class="row">
        <Button acts="test" icon={<Send size={18} aria-hidden="true" />} busy={testing.value} onClick={() => void test()}>
          {testing.value ? t('Sending…') : t('Send a test')}
        </Button>
        <Button kind="ghost" icon={<BellOff size={18} aria-hidden="true" />} onClick={() => void attempt(() => turnOff(device))}>
          {t('Turn off here')}
        </Button>
      </div>
      <p class="small muted">
        {t('It ends with this session: when you log out, or do not open Toru for a week. An action is followed from its menu.')}
      </p>
    </>
  );
}

function Quiet({ device, onChange }: { device: NotifyDevice; onChange: (quiet: NotifyDevice['quiet']) => void }) {
  const { quiet } = device;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const set = (part: { from?: string; to?: string }): void => {
    const now = { from: quiet?.from ?? '22:00', to: quiet?.to ?? '07:00', time_zone: zone, ...part };
    // An emptied field is no time yet.
    if (now.from !== '' && now.to !== '') onChange(now);
  };
  return (
    <div class="stack">
      <Switch
        label={t('Quiet hours')}
        help={t('What ends then is told when they are over.')}
        checked={quiet !== null}
        onChange={(on) => (on ? set({}) : onChange(null))}
      />
      {quiet !== null && (
        <div class="row">
          <Field label={t('From')}>
            {(ties) => (
              <input
                {...ties}
                class="input"
                type="time"
                value={quiet.from}
                onChange={(event) => set({ from: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label={t('To')}>
            {(ties) => (
              <input {...ties} class="input" type="time" value={quiet.to} onChange={(event) => set({ to: event.currentTarget.value })} />
            )}
          </Field>
          <span class="small muted">{quiet.time_zone}</span>
        </div>
      )}
    </div>
  );
}

const HOUR_MS = 3_600_000;
const PAUSES = [
  { hours: 1, label: msg('1 hour') },
  { hours: 8, label: msg('8 hours') },
  { hours: 24, label: msg('1 day') },
  { hours: 7 * 24, label: msg('1 week') },
];

/** Silence for once: for a meeting, a night, a journey. */
function Pause({ device, onChange }: { device: NotifyDevice; onChange: (until: string | null) => void }) {
  const until = Date.parse(device.silent_until ?? '');
  if (until > hostNow())
    return (
      <div class="row">
        <span class="grow">{t('Paused until {time}. What ends until then is told after it.', { time: shortTime(until, hostNow()) })}</span>
        <Button onClick={() => onChange(null)}>{t('Go on now')}</Button>
      </div>
    );
  return (
    <fieldset class="stack">
      <legend class="field-label">{t('Pause once, for')}</legend>
      <div class="row">
        {PAUSES.map(({ hours, label }) => (
          <Button key={hours} onClick={() => onChange(new Date(hostNow() + hours * HOUR_MS).toISOString())}>
            {t(label)}
          </Button>
        ))}
      </div>
    </fieldset>
  );
}

function Devices({ items }: { items: readonly NotifyDevice[] }) {
  const ending = useSignal<string | null>(null);
  async function remove(device: NotifyDevice): Promise<void> {
    ending.value = device.id;
    try {
      await turnOff(device);
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    ending.value = null;
  }
  return (
    <Listing label={t('My devices that are told')}>
      {items.map((device) => (
        <Line
          key={device.id}
          title={
            <>
              {device.name}
              {device.current && <Badge tone="live">{t('this device')}</Badge>}
            </>
          }
          acts={
            !device.current && (
              <Button
                acts="remove"
                small
                busy={ending.value === device.id}
                aria-label={t('Remove {name}', { name: device.name })}
                onClick={() => void remove(device)}
              >
                {t('Remove')}
              </Button>
            )
          }
        >
          {device.problem ??
            (device.sent_at === null ? t('Not told anything yet') : rich('Told {when}', { when: <When at={device.sent_at} /> }))}
        </Line>
      ))}
    </Listing>
  );
}
