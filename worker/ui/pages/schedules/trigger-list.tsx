import { useSignal } from '@preact/signals';
import { CalendarClock, Play, TriangleAlert, Webhook } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { JobSummary, Trigger } from '../../../../shared/workflows.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Switch } from '../../parts/field.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { msg, t } from '../../translate.ts';
import { onHost } from '../../viewed-host.ts';
import { JobMark } from '../workflows/state-mark.tsx';
import { fireTrigger, listTriggers, switchTrigger } from './calls.ts';
import { cronWords, timeIn } from './cron-words.ts';
import './schedules.css';

/** What starts the tasks of a workspace by itself. @param task only of this one. @param news the newest job that was heard of. */
export function TriggerList(props: { workspace: string; task?: string; revision: string; news: JobSummary | null }) {
  const { workspace, task, news } = props;
  const triggers = useResource((signal) => listTriggers(workspace, signal), props.revision);
  useEffect(() => {
    if (news?.workspace === workspace && (news.source === 'trigger' || news.source === 'webhook')) triggers.again();
  }, [news]);
  const shown = triggers.data?.filter((trigger) => task === undefined || trigger.task === task);
  if (triggers.problem !== null)
    return <Problem message={triggers.problem} action={<Button onClick={() => void triggers.reload()}>{t('Try again')}</Button>} />;
  if (shown === undefined) return <Loading what={t('the triggers')} rows={1} />;
  if (shown.length === 0) return null;
  return (
    <Listing label={t('Triggers of {name}', { name: task ?? workspace })}>
      {shown.map((trigger) => (
        <TriggerLine key={trigger.name} trigger={trigger} named={task === undefined} onChanged={triggers.again} />
      ))}
    </Listing>
  );
}

function TriggerLine({ trigger, named, onChanged }: { trigger: Trigger; named: boolean; onChanged: () => void }) {
  const { definition } = trigger;
  const Icon = definition.type === 'webhook' ? Webhook : CalendarClock;
  return (
    <Line
      lead={<Icon size={20} aria-hidden="true" />}
      title={definition.type === 'webhook' ? t('When a request comes') : <span>{cronWords(definition.cron)}</span>}
      quiet={!trigger.enabled}
      acts={<TriggerActs trigger={trigger} onChanged={onChanged} />}
    >
      <span class="trigger-facts">
        <span dir="auto">{named ? t('{trigger}, starts {task}', { trigger: trigger.name, task: trigger.task }) : trigger.name}</span>
        {definition.type === 'scheduler' && (
          <>
            <code>{definition.cron}</code>
            <span>{definition.timezone}</span>
          </>
        )}
      </span>
      {definition.type === 'scheduler' && <NextTimes times={trigger.next_fires} timezone={definition.timezone} enabled={trigger.enabled} />}
      {definition.type === 'webhook' && <HookAddress definition={definition} />}
      <LastFire at={trigger.last_fired_at} job={trigger.last_job} error={trigger.error} failed_at={trigger.failed_at} />
    </Line>
  );
}

/** Fire now, and the switch. Of a schedule's trigger, too. */
export function TriggerActs(props: {
  trigger: Pick<Trigger, 'workspace' | 'name' | 'enabled'>;
  onChanged: () => void;
  children?: ComponentChildren;
}) {
  const { trigger, onChanged } = props;
  const busy = useSignal(false);
  const wanted = useSignal<boolean | null>(null);
  async function attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    onChanged();
  }
  async function fire(): Promise<void> {
    if (busy.peek()) return;
    busy.value = true;
    await attempt(async () => {
      await fireTrigger(trigger);
      toast(t('“{name}” has started.', { name: trigger.name }), 'ok');
    });
    busy.value = false;
  }
  return (
    <>
      <Button
        small
        acts="run"
        busy={busy.value}
        icon={<Play size={16} aria-hidden="true" />}
        aria-label={t('Start now: {name}', { name: trigger.name })}
        onClick={() => void fire()}
      >
        {t('Start now')}
      </Button>
      {props.children}
      <Switch
        label={t('On')}
        checked={wanted.value ?? trigger.enabled}
        onChange={(on) => {
          wanted.value = on;
          void attempt(() => switchTrigger(trigger, on)).then(() => {
            wanted.value = null;
          });
        }}
      />
    </>
  );
}

/** The next times, in the zone of the schedule. */
export function NextTimes(props: { times: readonly string[]; timezone: string; enabled: boolean }) {
  if (!props.enabled) return <span class="muted">{t('Switched off: it starts nothing.')}</span>;
  if (props.times.length === 0) return <span class="muted">{t('It never comes again.')}</span>;
  // A line ends between two times, never within one.
  const times = props.times.map((at) => timeIn(at, props.timezone).replaceAll(/\s/gu, '\u00a0'));
  return <span class="trigger-next">{t('Next: {times}', { times: times.join(' · ') })}</span>;
}

/** When it last started something and how that went; and why it did not, where it did not. */
export function LastFire(props: { at: string | null; job: JobSummary | null; error: string | null; failed_at: string | null }) {
  const { at, job, error, failed_at } = props;
  return (
    <>
      <span class="trigger-facts">
        {at === null ? <span class="muted">{t('It has not started anything yet.')}</span> : rich('Last {when}', { when: <When at={at} /> })}
        {job !== null && (
          <a href={`/jobs/${job.job_id}`}>
            <JobMark of={job} />
          </a>
        )}
      </span>
      {error !== null && (
        <span class="trigger-failed" role="alert">
          <TriangleAlert size={16} aria-hidden="true" />
          <span dir="auto">
            {failed_at === null ? error : rich('Did not start {when}: {error}', { when: <When at={failed_at} />, error })}
          </span>
        </span>
      )}
    </>
  );
}

const SIGNED = {
  none: msg('Authorization: Bearer SECRET, or ?secret=SECRET'),
  github: msg('X-Hub-Signature-256, as GitHub signs'),
  'standard-webhooks': msg('webhook-signature, as Standard Webhooks say'),
  stripe: msg('Stripe-Signature, as Stripe signs'),
} as const;

function HookAddress({ definition }: { definition: Trigger['definition'] & { type: 'webhook' } }) {
  const address = location.origin + onHost(`/hooks/${definition.name}`);
  return (
    <>
      <span class="trigger-hook">
        <code class="cut">{address}</code>
        <CopyButton text={address} label={t('Copy the address')} />
      </span>
      <span class="muted">{rich('Proof: {how}', { how: t(SIGNED[definition.signature]) })}</span>
    </>
  );
}
