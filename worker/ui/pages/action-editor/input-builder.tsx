import { ArrowDown, ArrowUp, Plus, X } from 'lucide-preact';
import { unreachable } from '../../../../shared/errors.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import type { Wrong } from '../../data/wrong-fields.ts';
import { Button } from '../../parts/button.tsx';
import { Field, Switch } from '../../parts/field.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { t } from '../../translate.ts';
import { type DraftInput, INPUT_TYPES, nameOf, newInput, variableOf, withType } from './action-draft.ts';
import { AskedWhen } from './asked-when.tsx';
import { TypeFields } from './type-fields.tsx';

/** A part of one question. `error`: what is wrong with that field of it. */
interface PartProps {
  input: ActionInput;
  error: (field: string) => string | undefined;
  onChange: (input: ActionInput) => void;
}

/** The questions of an action: made, put in order, taken away. */
export function InputBuilder(props: { inputs: readonly DraftInput[]; wrong: Wrong; onChange: (inputs: DraftInput[]) => void }) {
  const { inputs } = props;
  function replace(key: number, input: ActionInput): void {
    props.onChange(inputs.map((one) => (one.key === key ? { key, input } : one)));
  }
  function move(from: number, by: number): void {
    const next = [...inputs];
    const [taken] = next.splice(from, 1);
    if (taken !== undefined) next.splice(from + by, 0, taken);
    props.onChange(next);
  }
  return (
    <div class="stack">
      {inputs.length > 0 && (
        <ol class="builder" aria-label={t('Questions')}>
          {inputs.map(({ key, input }, index) => (
            <li key={key} class="builder-input">
              <div class="builder-head">
                <strong class="cut grow">{input.label === '' ? t('Question {index}', { index: index + 1 }) : input.label}</strong>
                <Button
                  kind="ghost"
                  small
                  aria-label={t('Move up')}
                  disabled={index === 0}
                  icon={<ArrowUp size={18} />}
                  onClick={() => move(index, -1)}
                />
                <Button
                  kind="ghost"
                  small
                  aria-label={t('Move down')}
                  disabled={index === inputs.length - 1}
                  icon={<ArrowDown size={18} />}
                  onClick={() => move(index, 1)}
                />
                <Button
                  kind="ghost"
                  small
                  aria-label={t('Remove')}
                  icon={<X size={18} />}
                  onClick={() => props.onChange(inputs.filter((one) => one.key !== key))}
                />
              </div>
              <InputEditor
                input={input}
                before={inputs.slice(0, index).map((one) => one.input)}
                error={(part) => props.wrong[`inputs.${index}.${part}`]}
                onChange={(changed) => replace(key, changed)}
              />
            </li>
          ))}
        </ol>
      )}
      <div>
        <Button icon={<Plus size={18} aria-hidden="true" />} onClick={() => props.onChange([...inputs, newInput(inputs)])}>
          {t('Add a question')}
        </Button>
      </div>
    </div>
  );
}

function InputEditor({ input, before, error, onChange }: PartProps & { before: readonly ActionInput[] }) {
  /** The name follows the question until somebody chooses another. */
  function relabel(label: string): void {
    const follows = input.name === nameOf(input.label) || /^input_\d+$/.test(input.name);
    const name = follows && nameOf(label) !== '' ? nameOf(label) : input.name;
    const pass =
      input.pass.by === 'environment' && input.pass.variable === variableOf(input.name)
        ? { ...input.pass, variable: variableOf(name) }
        : input.pass;
    onChange({ ...input, label, name, pass });
  }
  return (
    <div class="stack">
      <div class="editor-pair">
        <TextField
          label={t('Question')}
          error={error('label')}
          value={input.label}
          maxLength={80}
          autocapitalize="sentences"
          onValue={relabel}
        />
        <Field label={t('Kind of answer')}>
          {(ties) => (
            <select
              {...ties}
              class="select"
              value={input.type}
              onChange={(event) => {
                const type = INPUT_TYPES.find(([value]) => value === event.currentTarget.value)?.[0];
                if (type !== undefined) onChange(withType(input, type));
              }}
            >
              {INPUT_TYPES.map(([value, label]) => (
                <option key={value} value={value}>
                  {t(label)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <TypeFields input={input} before={before} error={error} onChange={onChange} />
      <PassFields input={input} error={error} onChange={onChange} />
      <AskedWhen input={input} before={before} error={error('show_if')} onChange={onChange} />
      {input.type !== 'secret' && input.type !== 'file' && (
        <Switch
          label={t('Remember each person’s last answer')}
          help={t('The form begins with it. Only they see it, and can have it forgotten.')}
          checked={input.remember === true}
          onChange={(remember) => onChange({ ...input, remember })}
        />
      )}
      <details class="builder-more">
        <summary>{t('More about this question')}</summary>
        <div class="stack">
          <TextField
            label={t('Help')}
            error={error('help')}
            value={input.help}
            maxLength={300}
            autocapitalize="sentences"
            onValue={(help) => onChange({ ...input, help })}
          />
          <TextField
            label={t('Name')}
            error={error('name')}
            help={t('In the history and in the API.')}
            mono
            value={input.name}
            maxLength={40}
            autocapitalize="none"
            onValue={(name) => onChange({ ...input, name })}
          />
        </div>
      </details>
      {input.type !== 'boolean' && (
        <Switch label={t('Must be answered')} checked={input.required} onChange={(required) => onChange({ ...input, required })} />
      )}
    </div>
  );
}

function PassFields({ input, error, onChange }: PartProps) {
  const { pass } = input;
  function by(kind: string): void {
    if (kind === 'environment') onChange({ ...input, pass: { by: 'environment', variable: variableOf(input.name) } });
    else if (kind === 'stdin') onChange({ ...input, pass: { by: 'stdin' } });
    else
      onChange({ ...input, pass: kind === 'flag' ? { by: 'argument', flag: `--${input.name.replaceAll('_', '-')}` } : { by: 'argument' } });
  }
  const kind = pass.by === 'argument' ? (pass.flag === undefined ? 'argument' : 'flag') : pass.by;
  return (
    <div class="editor-pair">
      <Field label={t('Reaches the script as')} error={error('pass')}>
        {(ties) => (
          <select {...ties} class="select" value={kind} onChange={(event) => by(event.currentTarget.value)}>
            {input.type !== 'secret' && <option value="argument">{t('an argument')}</option>}
            {input.type !== 'secret' && <option value="flag">{t('an option (--name=answer)')}</option>}
            <option value="environment">{t('a variable')}</option>
            {input.type !== 'file' && <option value="stdin">{t('its standard input')}</option>}
          </select>
        )}
      </Field>
      {passDetail({ input, error, onChange })}
    </div>
  );
}

function passDetail({ input, error, onChange }: PartProps) {
  const { pass } = input;
  switch (pass.by) {
    case 'argument':
      if (pass.flag === undefined) return null;
      return (
        <TextField
          label={t('Option')}
          error={error('pass.flag')}
          mono
          value={pass.flag}
          autocapitalize="none"
          onValue={(flag) => onChange({ ...input, pass: { by: 'argument', flag } })}
        />
      );
    case 'environment':
      return (
        <TextField
          label={t('Variable')}
          error={error('pass.variable')}
          mono
          value={pass.variable}
          autocapitalize="none"
          onValue={(variable) => onChange({ ...input, pass: { by: 'environment', variable } })}
        />
      );
    case 'stdin':
      return null;
    default:
      return unreachable(pass);
  }
}
