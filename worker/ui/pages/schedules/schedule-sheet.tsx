import { useSignal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import { type InputValues, isStored } from '../../../../shared/input-values.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import type { NextFires, Schedule } from '../../../../shared/schedules.ts';
import { sentence } from '../../api.ts';
import { listSecrets } from '../../data/known-secrets.ts';
import { useResource } from '../../data/resource.ts';
import { useSubmit } from '../../data/submit.ts';
import { me } from '../../own-session.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { msg, t } from '../../translate.ts';
import { type Answers, checkAnswers, firstAnswers, offered, shownInputs } from '../actions/input-answers.ts';
import { InputField } from '../actions/input-field.tsx';
import { useScriptOptions } from '../actions/script-options.ts';
import { addSchedule, changeSchedule, nextFires } from './calls.ts';
import { dayName, timeIn } from './cron-words.ts';
import { cronOfDraft, draftOfCron, type ScheduleDraft } from './schedule-draft.ts';
import './schedules.css';

const EVERY = [
  { value: 'hour', label: msg('Every hour') },
  { value: 'day', label: msg('Every day') },
  { value: 'weekday', label: msg('Monday to Friday') },
  { value: 'week', label: msg('On some days') },
  { value: 'cron', label: msg('By cron') },
] as const satisfies readonly { value: ScheduleDraft['every']; label: string }[];

const CATCH_UP = [
  { value: 'one', label: msg('once'), help: msg('As soon as the host is back, however many times were missed.') },
  { value: 'all', label: msg('every time'), help: msg('One after the other, of the last day.') },
  { value: 'none', label: msg('not at all'), help: msg('It is told that the time was missed.') },
] as const;

/** What a schedule starts: an action, or a chain of two. */
export interface Scheduled {
  of: { action: string } | { chain: string };
  label: string;
  inputs: readonly ActionInput[];
  /** The answers of the form, as the host takes them. */
  given?: (values: InputValues) => InputValues;
}

/** When something runs by itself, and with which answers. @param schedule null: a new one. */
export function ScheduleSheet(props: { scheduled: Scheduled; schedule: Schedule | null; onClose: () => void; onSaved: () => void }) {
  const { scheduled, schedule } = props;
  const draft = useSignal(draftOfCron(schedule?.cron ?? null));
  const timezone = useSignal(schedule?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const catchUp = useSignal<Schedule['catch_up']>(schedule?.catch_up ?? 'one');
  const answers = useSignal<Answers>(firstAnswers(scheduled.inputs, schedule?.inputs ?? {}));
  const secrets = useSignal<Record<string, string>>(schedule?.secrets ?? {});
  const blamed = useSignal<Record<string, string>>({});
  const scripted = useScriptOptions('action' in scheduled.of ? scheduled.of.action : '', scheduled.inputs, answers.value);
  const now = offered(scripted.inputs, answers.value);
  const questions = shownInputs(scripted.inputs, now).filter((input) => !isStored(input));
  const cron = cronOfDraft(draft.value);
  const set = (change: Partial<ScheduleDraft>): void => {
    draft.value = { ...draft.peek(), ...change };
  };

  const { busy, wrong, submit } = useSubmit(
    async () => {
      blamed.value = {};
      const open = questions.filter(({ type }) => type !== 'secret');
      const checked = checkAnswers(open, now);
      if ('wrong' in checked) {
        blamed.value = checked.wrong;
        return;
      }
      const named = questions.flatMap(({ type, name }) => (type === 'secret' && (secrets.value[name] ?? '') !== '' ? [name] : []));
      const json = {
        cron: cron ?? '',
        timezone: timezone.value.trim(),
        catch_up: catchUp.value,
        inputs: scheduled.given?.(checked.values) ?? checked.values,
        secrets: Object.fromEntries(named.map((name) => [name, secrets.value[name] ?? ''])),
      };
      if (schedule === null) await addSchedule({ ...scheduled.of, ...json });
      else await changeSchedule(schedule.name, json);
      props.onSaved();
      props.onClose();
    },
    {
      fields: ['timezone', 'cron', ...questions.map(({ name }) => name)],
      check: () => (cron === null ? { form: t('Say when it runs first.') } : {}),
    },
  );

  return (
    <Sheet title={t('When “{label}” runs by itself', { label: scheduled.label })} onClose={props.onClose} wide>
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <Choice
          label={t('It runs')}
          options={EVERY}
          value={draft.value.every}
          onValue={(every) => set({ every, cron: cron ?? draft.value.cron })}
        />
        <WhenFields draft={draft.value} error={wrong['cron']} onChange={set} />
        <Zone value={timezone.value} error={wrong['timezone']} onValue={(zone) => (timezone.value = zone)} />
        <NextThree cron={cron} timezone={timezone.value} />
        {questions.length > 0 && <h3>{t('Its answers')}</h3>}
        {questions.map((input) =>
          input.type === 'secret' ? (
            <SecretField
              key={input.name}
              label={input.label}
              required={input.required}
              value={secrets.value[input.name] ?? ''}
              error={blamed.value[input.name] ?? wrong[input.name]}
              onValue={(name) => (secrets.value = { ...secrets.peek(), [input.name]: name })}
            />
          ) : (
            <InputField
              key={input.name}
              input={input}
              options={scripted.stateOf(input.name)}
              value={now[input.name] ?? ''}
              error={blamed.value[input.name] ?? wrong[input.name]}
              onChange={(value) => {
                answers.value = { ...answers.peek(), [input.name]: value };
                const { [input.name]: _fixed, ...rest } = blamed.peek();
                blamed.value = rest;
              }}
            />
          ),
        )}
        <Choice
          label={t('What was missed while the host was away runs')}
          options={CATCH_UP}
          value={catchUp.value}
          onValue={(to) => (catchUp.value = to)}
        />
        <p class="small muted">
          {t('Its runs are those of {user}, with the rights that {user} has then.', { user: me.value?.user.username ?? '' })}
        </p>
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {busy ? t('Saving…') : t('Save')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

function WhenFields(props: { draft: ScheduleDraft; error: string | undefined; onChange: (change: Partial<ScheduleDraft>) => void }) {
  const { draft, onChange } = props;
  switch (draft.every) {
    case 'hour':
      return (
        <Field label={t('Minutes past the hour')}>
          {(ties) => (
            <input
              {...ties}
              class="input"
              type="number"
              inputMode="numeric"
              min={0}
              max={59}
              value={draft.minute}
              onInput={(event) => onChange({ minute: event.currentTarget.value })}
            />
          )}
        </Field>
      );
    case 'cron':
      return (
        <Field label={t('Cron')} error={props.error} help={t('Minute, hour, day, month, weekday; with six fields, seconds first.')}>
          {(ties) => (
            <input
              {...ties}
              {...VERBATIM}
              class="input mono"
              value={draft.cron}
              onInput={(event) => onChange({ cron: event.currentTarget.value })}
            />
          )}
        </Field>
      );
    case 'day':
    case 'weekday':
    case 'week':
      return (
        <>
          {draft.every === 'week' && <Days chosen={draft.days} onChange={(days) => onChange({ days })} />}
          <Field label={t('At')} error={props.error}>
            {(ties) => (
              <input
                {...ties}
                class="input"
                type="time"
                value={draft.time}
                onInput={(event) => onChange({ time: event.currentTarget.value })}
              />
            )}
          </Field>
        </>
      );
  }
}

function Days({ chosen, onChange }: { chosen: readonly number[]; onChange: (days: number[]) => void }) {
  // Monday comes first.
  const days = [1, 2, 3, 4, 5, 6, 0];
  return (
    <fieldset class="choice">
      <legend class="field-label">{t('On')}</legend>
      <div class="choice-flat">
        {days.map((day) => (
          <label key={day} class="choice-option">
            <input
              type="checkbox"
              checked={chosen.includes(day)}
              onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, day] : chosen.filter((one) => one !== day))}
            />
            <span class="choice-text">
              <span class="choice-label">{dayName(day, 'short')}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Zone(props: { value: string; error: string | undefined; onValue: (zone: string) => void }) {
  const list = useId();
  return (
    <Field label={t('Time zone')} error={props.error} help={t('By its clock, in summer and in winter.')}>
      {(ties) => (
        <>
          <input
            {...ties}
            {...VERBATIM}
            class="input"
            list={list}
            value={props.value}
            onInput={(event) => props.onValue(event.currentTarget.value)}
          />
          <datalist id={list}>
            {['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

/** When it would run, as the host reckons. */
function NextThree({ cron, timezone }: { cron: string | null; timezone: string }) {
  const next = useSignal<NextFires | null>(null);
  const problem = useSignal<string | null>(null);
  useEffect(() => {
    const left = new AbortController();
    next.value = null;
    if (cron === null) return;
    // While somebody types.
    const later = setTimeout(async () => {
      try {
        const found = await nextFires(cron, timezone.trim(), left.signal);
        if (left.signal.aborted) return;
        next.value = found;
        problem.value = found.problem;
      } catch (error) {
        if (!left.signal.aborted) problem.value = sentence(error);
      }
    }, 300);
    return () => {
      clearTimeout(later);
      left.abort();
    };
  }, [cron, timezone]);
  return (
    <div class="schedule-next" role="status">
      <strong>{t('The next three times')}</strong>
      {problem.value !== null && next.value?.problem !== null && <span dir="auto">{problem.value}</span>}
      {next.value?.problem === null && next.value.items.map((at) => <span key={at}>{timeIn(at, timezone)}</span>)}
      {next.value === null && problem.value === null && <span class="muted">…</span>}
    </div>
  );
}

function SecretField(props: {
  label: string;
  required: boolean;
  value: string;
  error: string | undefined;
  onValue: (name: string) => void;
}) {
  const stored = useResource(listSecrets);
  const names = [...new Set((stored.data ?? []).filter(({ workspace }) => workspace === null).map(({ name }) => name))];
  return (
    <Field
      label={props.label}
      error={props.error}
      optional={!props.required}
      help={
        names.length === 0
          ? t('A schedule takes a secret that the host keeps. Store one first: Settings, Secrets.')
          : t('A secret that the host keeps.')
      }
    >
      {(ties) => (
        <select {...ties} class="input" value={props.value} onChange={(event) => props.onValue(event.currentTarget.value)}>
          <option value="">{t('None')}</option>
          {[...new Set([...names, ...(props.value === '' ? [] : [props.value])])].map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
