import { unreachable } from '../../../../shared/errors.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { MAX_UPLOAD_BYTES } from '../../../../shared/limits.ts';
import { listSecrets } from '../../data/known-secrets.ts';
import { useResource } from '../../data/resource.ts';
import { CheckGroup } from '../../parts/check-group.tsx';
import { Field, Switch } from '../../parts/field.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { t } from '../../translate.ts';
import { optionsToText, textToOptions } from './action-draft.ts';
import { LinesField } from './lines-field.tsx';
import { OptionsFrom } from './options-from.tsx';
import { WholeNumber } from './whole-number.tsx';

const MB = 1_000_000;

interface Of<T extends ActionInput['type']> {
  input: Extract<ActionInput, { type: T }>;
  /** The problem of that field. */
  error: (field: string) => string | undefined;
  onChange: (input: ActionInput) => void;
}

/** The fields that only this kind of answer has. */
export function TypeFields({ input, before, error, onChange }: Of<ActionInput['type']> & { before: readonly ActionInput[] }) {
  switch (input.type) {
    case 'text':
      return <TextFields input={input} error={error} onChange={onChange} />;
    case 'number':
      return <NumberFields input={input} error={error} onChange={onChange} />;
    case 'choice':
      return <ChoiceFields input={input} before={before} error={error} onChange={onChange} />;
    case 'boolean':
      return <BooleanFields input={input} error={error} onChange={onChange} />;
    case 'date':
    case 'time':
    case 'datetime':
      return <MomentFields input={input} error={error} onChange={onChange} />;
    case 'email':
      return <DefaultField input={input} error={error} onChange={onChange} />;
    case 'file':
      return <FileFields input={input} error={error} onChange={onChange} />;
    case 'secret':
      return <SecretFields input={input} error={error} onChange={onChange} />;
    default:
      return unreachable(input);
  }
}

/** Asked of each person, or kept by the host. */
function SecretFields({ input, error, onChange }: Of<'secret'>) {
  const list = useResource(listSecrets);
  const names = (list.data ?? []).filter(({ workspace }) => workspace === null).map(({ name }) => name);
  const known = input.stored === undefined || names.includes(input.stored) ? names : [input.stored, ...names];
  return (
    <>
      <Field
        label={t('The secret is')}
        help={known.length === 0 ? t('Under Settings, Secrets, one can be stored: then nobody is asked.') : undefined}
        error={error('stored')}
      >
        {(ties) => (
          <select
            {...ties}
            class="select"
            value={input.stored ?? ''}
            onChange={(event) => onChange(having(input, 'stored', event.currentTarget.value || undefined))}
          >
            <option value="">{t('typed by whoever runs the action')}</option>
            {known.map((name) => (
              <option key={name} value={name}>
                {t('stored on the host: {name}', { name })}
              </option>
            ))}
          </select>
        )}
      </Field>
      <p class="small muted">
        {t(
          'It is kept out of the history and the audit. Where the script prints it, in base64 or in an address too, its output has asterisks, from six characters on. In another form, or on a host without the native runner, it is shown to everybody who may see the run.',
        )}
      </p>
    </>
  );
}

/** The same object with a field set, or without it. */
function having<T extends object, K extends keyof T>(full: T, key: K, value: T[K] | undefined): T {
  const next = { ...full };
  if (value === undefined) delete next[key];
  else next[key] = value;
  return next;
}

function DefaultField({ input, error, onChange }: Of<'text'> | Of<'email'>) {
  return (
    <TextField
      label={t('Default')}
      error={error('default')}
      value={input.default ?? ''}
      onValue={(text) => onChange(having(input, 'default', text === '' ? undefined : text))}
    />
  );
}

function TextFields({ input, error, onChange }: Of<'text'>) {
  return (
    <>
      <DefaultField input={input} error={error} onChange={onChange} />
      <div class="editor-pair">
        <TextField
          label={t('Must match (regular expression)')}
          error={error('pattern')}
          help={t('The whole answer. Empty: anything.')}
          mono
          autocapitalize="none"
          value={input.pattern ?? ''}
          onValue={(text) => onChange(having(input, 'pattern', text === '' ? undefined : text))}
        />
        <TextField
          label={t('What to say when it does not')}
          autocapitalize="sentences"
          value={input.pattern_message ?? ''}
          onValue={(text) => onChange(having(input, 'pattern_message', text === '' ? undefined : text))}
        />
      </div>
      <Switch label={t('Several lines')} checked={input.multiline} onChange={(multiline) => onChange({ ...input, multiline })} />
      <AllowDash input={input} error={error} onChange={onChange} />
    </>
  );
}

/** A question of numbers with a bound below zero needs no such word. */
function AllowDash({ input, onChange }: Of<'text' | 'number' | 'choice'>) {
  if (input.pass.by !== 'argument' || input.pass.flag !== undefined) return null;
  return (
    <Switch
      label={t('May begin with “-”')}
      help={t('Only if the script never takes this argument for an option.')}
      checked={input.allow_dash === true}
      onChange={(allow_dash) => onChange({ ...input, allow_dash })}
    />
  );
}

function NumberFields({ input, error, onChange }: Of<'number'>) {
  return (
    <>
      <RangeFields
        type="text"
        labels={{ min: t('At least'), max: t('At most') }}
        values={input}
        error={error}
        onValue={(key, value) => onChange(having(input, key, value))}
      />
      <TextField
        label={t('In steps of')}
        help={t('Counted from the least number. Empty: any number between the two.')}
        error={error('step')}
        value={input.step === undefined ? '' : String(input.step)}
        onValue={(text) => onChange(having(input, 'step', text === '' ? undefined : text))}
      />
      <Switch label={t('Whole numbers only')} checked={input.integer} onChange={(integer) => onChange({ ...input, integer })} />
      <Switch
        label={t('Asked by a slider')}
        help={t('From the least number to the greatest.')}
        checked={input.slider === true}
        onChange={(slider) => onChange(having(input, 'slider', slider || undefined))}
      />
      <AllowDash input={input} error={error} onChange={onChange} />
    </>
  );
}

function ChoiceFields({ input, before, error, onChange }: Of<'choice'> & { before: readonly ActionInput[] }) {
  const { options_from } = input;
  const several = input.multiple === true;
  const chosen = [input.default ?? []].flat();
  /** The options that are chosen beforehand, of those that there are. */
  function choose(next: typeof input, words: readonly string[]): void {
    const known = words.filter((word) => next.options.some(({ value }) => value === word));
    const first = next.multiple === true ? (known.length > 0 ? known : undefined) : known[0];
    onChange(having(next, 'default', first));
  }
  return (
    <>
      <Switch
        label={t('Several answers')}
        help={t('Each reaches the script as an argument of its own; in a variable or the standard input, as a line.')}
        checked={several}
        onChange={(multiple) => choose(having(input, 'multiple', multiple || undefined), chosen)}
      />
      <Switch
        label={t('A script says what can be chosen')}
        help={t(
          'It runs when somebody is asked, as a press would, and has ten seconds. A line for each: what the script gets, and after a tab what people read.',
        )}
        checked={options_from !== undefined}
        onChange={(from) =>
          onChange(
            from
              ? { ...having(input, 'default', undefined), options: [], options_from: { script: '', args: [], uses: [], cache_s: 30 } }
              : { ...having(input, 'options_from', undefined), options: [{ value: 'one' }, { value: 'two' }] },
          )
        }
      />
      {options_from !== undefined && (
        <OptionsFrom from={options_from} before={before} error={error} onChange={(from) => onChange({ ...input, options_from: from })} />
      )}
      {options_from === undefined && (
        <div class="editor-pair">
          <LinesField
            label={t('Options')}
            help={t('One on each line: what the script gets, or that = what people read.')}
            error={error('options')}
            value={input.options}
            toText={optionsToText}
            fromText={textToOptions}
            onValue={(options) => choose({ ...input, options }, chosen)}
          />
          {several ? (
            <CheckGroup
              label={t('Default')}
              error={error('default')}
              options={input.options}
              value={chosen}
              onValue={(words) => choose(input, words)}
            />
          ) : (
            <Field label={t('Default')} error={error('default')}>
              {(ties) => (
                <select
                  {...ties}
                  class="select"
                  value={chosen[0] ?? ''}
                  onChange={({ currentTarget: { value } }) => choose(input, value === '' ? [] : [value])}
                >
                  <option value="">{t('Nothing')}</option>
                  {input.options.map((option) => (
                    <option key={option.value} value={option.value}>
                      {option.label ?? option.value}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
        </div>
      )}
      <AllowDash input={input} error={error} onChange={onChange} />
    </>
  );
}

function BooleanFields({ input, onChange }: Of<'boolean'>) {
  return (
    <>
      <Switch label={t('Default: yes')} checked={input.default} onChange={(checked) => onChange({ ...input, default: checked })} />
      {input.pass.by === 'argument' && (
        <TextField
          label={t('Argument for yes')}
          help={t('Passed when the answer is yes, nothing when it is no. Empty: “true” or “false”.')}
          mono
          autocapitalize="none"
          value={input.when_true ?? ''}
          onValue={(text) => onChange(having(input, 'when_true', text === '' ? undefined : text))}
        />
      )}
    </>
  );
}

function MomentFields({ input, error, onChange }: Of<'date' | 'time' | 'datetime'>) {
  return (
    <RangeFields
      type={input.type === 'datetime' ? 'datetime-local' : input.type}
      labels={{ min: t('Not before'), max: t('Not after') }}
      values={input}
      error={error}
      onValue={(key, value) => onChange(having(input, key, value))}
    />
  );
}

function FileFields({ input, error, onChange }: Of<'file'>) {
  return (
    <>
      <div class="editor-pair">
        <TextField
          label={t('Endings')}
          help={t('Of its name, with spaces between: .csv .txt. Empty: any.')}
          error={error('accept')}
          mono
          autocapitalize="none"
          value={input.accept.join(' ')}
          onValue={(text) =>
            onChange({
              ...input,
              accept: text
                .toLowerCase()
                .split(/[\s,]+/)
                .filter((ending) => ending !== ''),
            })
          }
        />
        <WholeNumber
          label={t('At most (MB)')}
          help={t('100 are the most.')}
          max={MAX_UPLOAD_BYTES / MB}
          value={Math.ceil(input.max_bytes / MB)}
          onValue={(size) => onChange({ ...input, max_bytes: Math.max(1, size) * MB })}
        />
      </div>
      <p class="small muted">{t('The script gets the path of the file, which is deleted when the run has ended.')}</p>
    </>
  );
}

interface RangeFieldsProps {
  type: 'text' | 'date' | 'time' | 'datetime-local';
  labels: { min: string; max: string };
  values: Partial<Record<'min' | 'max' | 'default', string | number | undefined>>;
  error: (field: string) => string | undefined;
  onValue: (key: 'min' | 'max' | 'default', value: string | undefined) => void;
}

/** Two bounds, and what is filled in beforehand. */
function RangeFields({ type, labels, values, error, onValue }: RangeFieldsProps) {
  return (
    <div class="editor-triple">
      {(['min', 'max', 'default'] as const).map((key) => (
        <Field key={key} label={key === 'default' ? t('Default') : labels[key]} optional error={error(key)}>
          {(ties) => {
            const shared = {
              ...ties,
              class: 'input',
              autocomplete: 'off',
              value: values[key] ?? '',
              onInput: (event: { currentTarget: HTMLInputElement }) => onValue(key, event.currentTarget.value || undefined),
            };
            return type === 'text' ? <input {...shared} type="text" /> : <input {...shared} type={type} />;
          }}
        </Field>
      ))}
    </div>
  );
}
