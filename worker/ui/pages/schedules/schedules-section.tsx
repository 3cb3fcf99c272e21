import { useSignal } from '@preact/signals';
import { CalendarClock, Pencil, Plus, Trash2 } from 'lucide-preact';
import type { Schedule } from '../../../../shared/schedules.ts';
import { agent, read } from '../../api.ts';
import { loadActions } from '../../data/known-actions.ts';
import { useResource } from '../../data/resource.ts';
import { Ask } from '../../parts/ask.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { isFullAction } from '../../place-guards.ts';
import { t } from '../../translate.ts';
import { useJobNews } from '../workflows/live-jobs.ts';
import { listSchedules, removeSchedule } from './calls.ts';
import { cronWords } from './cron-words.ts';
import { type Scheduled, ScheduleSheet } from './schedule-sheet.tsx';
import { LastFire, NextTimes, TriggerActs } from './trigger-list.tsx';
import './schedules.css';

/** When an action runs by itself. */
export function SchedulesSection({ action }: { action: string }) {
  const full = useResource((signal) => read(isFullAction, agent.actions[':id'].$get({ param: { id: action } }, { init: { signal } })));
  const scheduled = full.data === null ? null : { of: { action }, label: full.data.label, inputs: full.data.inputs };
  return <SchedulesOf of={{ action }} scheduled={scheduled} />;
}

/** When an action, or a chain, runs by itself. A change acts at once. @param scheduled null while it is not known. */
export function SchedulesOf({ of, scheduled }: { of: Scheduled['of']; scheduled: Scheduled | null }) {
  const schedules = useResource((signal) => listSchedules(of, signal));
  /** The one that is changed; `new`: a further one. */
  const open = useSignal<Schedule | 'new' | null>(null);
  const removing = useSignal<Schedule | null>(null);
  useJobNews((job) => {
    if (job.source === 'trigger') schedules.again();
  }, schedules.again);
  function changed(): void {
    schedules.again();
    void loadActions();
  }
  const add = (
    <Button small icon={<Plus size={18} aria-hidden="true" />} disabled={scheduled === null} onClick={setTo(open, 'new')}>
      {t('Add a schedule')}
    </Button>
  );
  return (
    <Section
      title={t('When it runs by itself')}
      help={t('Each run is an ordinary one, in the history with its schedule.')}
      acts={add}
      flush
    >
      {schedules.problem !== null && (
        <Problem message={schedules.problem} action={<Button onClick={() => void schedules.reload()}>{t('Try again')}</Button>} />
      )}
      {schedules.data === null && schedules.problem === null && <Loading what={t('the schedules')} rows={1} />}
      {schedules.data?.length === 0 && <p class="schedule-none muted">{t('It runs when somebody presses it, and never by itself.')}</p>}
      {schedules.data !== null && schedules.data.length > 0 && (
        <Listing label={t('Schedules')}>
          {schedules.data.map((schedule) => (
            <Line
              key={schedule.name}
              lead={<CalendarClock size={20} aria-hidden="true" />}
              title={<span>{cronWords(schedule.cron)}</span>}
              quiet={!schedule.enabled}
              acts={
                <TriggerActs trigger={schedule} onChanged={changed}>
                  <Button
                    small
                    kind="ghost"
                    icon={<Pencil size={16} />}
                    aria-label={t('Change the schedule {name}', { name: schedule.name })}
                    onClick={setTo(open, schedule)}
                  />
                  <Button
                    small
                    kind="ghost"
                    icon={<Trash2 size={16} />}
                    aria-label={t('Remove the schedule {name}', { name: schedule.name })}
                    onClick={setTo(removing, schedule)}
                  />
                </TriggerActs>
              }
            >
              <span class="trigger-facts">
                <span>{schedule.timezone}</span>
                <span>{t('as {user}', { user: schedule.user })}</span>
              </span>
              <NextTimes times={schedule.next_fires} timezone={schedule.timezone} enabled={schedule.enabled} />
              <LastFire
                at={schedule.last_fired_at}
                job={schedule.last_job}
                error={schedule.error ?? schedule.problem}
                failed_at={schedule.failed_at}
              />
            </Line>
          ))}
        </Listing>
      )}
      {open.value !== null && scheduled !== null && (
        <ScheduleSheet
          scheduled={scheduled}
          schedule={open.value === 'new' ? null : open.value}
          onClose={setTo(open, null)}
          onSaved={changed}
        />
      )}
      {removing.value !== null && (
        <Ask
          title={t('Remove this schedule?')}
          verb={t('Remove')}
          doing={t('Removing…')}
          danger
          onYes={async () => {
            await removeSchedule(removing.value?.name ?? '');
            changed();
          }}
          onClose={setTo(removing, null)}
        >
          {t('It starts nothing any more. The runs that it has started stay in the history.')}
        </Ask>
      )}
    </Section>
  );
}
