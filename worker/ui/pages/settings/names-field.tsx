import { useSignal } from '@preact/signals';
import { Plus, X } from 'lucide-preact';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { t } from '../../translate.ts';
import './names-field.css';

export const variableProblem = (bad: string): string | null =>
  /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(bad)
    ? null
    : t('“{bad}” is no name of a variable: letters, digits and _ only, and no digit first.', { bad });

export const tagProblem = (bad: string): string | null =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(bad) ? null : t('“{bad}” can’t be a tag: letters, digits, dots, hyphens and _ only.', { bad });

/** Names of variables or tags, to be added and taken away one by one. */
export function NamesField(props: {
  label: string;
  help: string;
  names: readonly string[];
  error?: string | undefined;
  /** An example. */
  placeholder: string;
  /** What is wrong with a name; null when nothing. */
  problemOf: (name: string) => string | null;
  onChange: (names: string[]) => void;
}) {
  const typed = useSignal('');
  const wrong = useSignal<string | null>(null);

  function add(): void {
    const names = typed.value.split(/[\s,]+/).filter((name) => name !== '');
    if (names.length === 0) return;
    wrong.value = names.map(props.problemOf).find((problem) => problem !== null) ?? null;
    if (wrong.value !== null) return;
    props.onChange([...new Set([...props.names, ...names])]);
    typed.value = '';
  }

  return (
    <div class="names">
      <Field label={props.label} help={props.help} error={wrong.value ?? props.error}>
        {(ties) => (
          <div class="names-add">
            <input
              {...ties}
              class="input mono"
              {...VERBATIM}
              placeholder={props.placeholder}
              value={typed.value}
              onInput={(event) => {
                typed.value = event.currentTarget.value;
                wrong.value = null;
              }}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return;
                event.preventDefault();
                add();
              }}
            />
            <Button icon={<Plus size={18} aria-hidden="true" />} onClick={add}>
              {t('Add')}
            </Button>
          </div>
        )}
      </Field>
      {props.names.length > 0 && (
        <ul class="names-list" aria-label={props.label}>
          {props.names.map((name) => (
            <li key={name} class="name">
              <span class="mono">{name}</span>
              <button
                type="button"
                aria-label={t('Take {name} away', { name })}
                onClick={() => props.onChange(props.names.filter((other) => other !== name))}
              >
                <X size={16} aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
