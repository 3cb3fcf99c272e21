import type { InputField } from '../../../../shared/flow/definition.ts';
import type { Json } from '../../../../shared/flow/job.ts';
import type { InputValues } from '../../../../shared/input-values.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { isMoment } from '../../../../shared/moments.ts';
import { isRecord } from '../../guards.ts';

/** The declared inputs of a task, or of an approval, as the questions of a quick action: asked by the same form, checked by the same rules. */

export type FlowFields = Readonly<Record<string, InputField>>;

/** A question, and what may be offered beside an answer of one's own. */
export interface Asked {
  input: ActionInput;
  suggestions: readonly string[];
}

/** @returns them by `order`, then as they stand in the file. */
export function questionsOf(fields: FlowFields): Asked[] {
  return Object.entries(fields)
    .toSorted(([, a], [, b]) => (a.order ?? Number.POSITIVE_INFINITY) - (b.order ?? Number.POSITIVE_INFINITY) || 0)
    .map(([name, field]) => ({ input: inputOf(name, field), suggestions: field.allow_custom ? wordsOf(field.options) : [] }));
}

function inputOf(name: string, field: InputField): ActionInput {
  const common = {
    name,
    label: field.name ?? name,
    help: field.description ?? '',
    required: field.required,
    // How it travels is the workflow's: a value, never an argument.
    pass: { by: 'stdin' as const },
  };
  const standard = text(field.default);
  const preset = standard === undefined ? {} : { default: standard };
  if (field.secret) return { type: 'secret', ...common, max_length: MAX };
  const options = wordsOf(field.options);
  if (options.length > 0 && !field.allow_custom) {
    const chosen = field.multiple ? { multiple: true, default: wordsOf([field.default].flat()) } : preset;
    return { type: 'choice', ...common, options: options.map((value) => ({ value })), ...chosen };
  }
  if (field.multiple) return { type: 'text', ...common, ...lines(field.default), multiline: true, max_length: MAX, allow_dash: true };
  switch (field.type) {
    case 'boolean':
      return { type: 'boolean', ...common, default: field.default === true };
    case 'integer':
    case 'number':
      return { type: 'number', ...common, integer: field.type === 'integer', allow_dash: true, ...preset };
    case 'date':
      return { type: 'date', ...common, ...momentOf('date', standard) };
    case 'datetime':
      return { type: 'datetime', ...common, ...momentOf('datetime', standard) };
    default:
      return { type: 'text', ...common, multiline: field.type === 'text', max_length: MAX, allow_dash: true, ...preset };
  }
}

/** What its control can't show is left to the host, which knows it. */
function momentOf(kind: 'date' | 'datetime', standard: string | undefined): { default?: string } {
  return standard !== undefined && isMoment(kind, standard) ? { default: standard } : {};
}

const MAX = 128 * 1024;

/**
 * The checked answers as the task takes them: numbers as numbers, several of something as a list. What was left empty is left out, unless it
 * has a default: then it is empty on purpose.
 */
export function inputFrom(fields: FlowFields, values: InputValues): Record<string, Json> {
  const input: Record<string, Json> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = fields[name];
    if (field === undefined) continue;
    if (field.multiple && typeof value === 'string')
      input[name] = value
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => typed(field, line.trim()));
    else if (Array.isArray(value)) input[name] = value.map((one) => typed(field, one));
    else if (value !== '' || !isNumeric(field)) input[name] = typed(field, value);
  }
  return input;
}

/** The same for a schedule of two quick actions, whose inputs are nothing but texts, numbers, yes or no, and lists of texts. */
export function answersFrom(fields: FlowFields, values: InputValues): InputValues {
  const given: InputValues = {};
  for (const [name, value] of Object.entries(inputFrom(fields, values)))
    if (Array.isArray(value)) given[name] = value.map(String);
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') given[name] = value;
  return given;
}

/** An option stands in a form as its text; the task gets what the file says. */
function typed(field: InputField, value: string | number | boolean): Json {
  const option = field.options?.find((one) => !isRecord(one) && text(one) === value);
  if (option !== undefined) return option;
  return isNumeric(field) && value !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
}

function isNumeric({ type }: InputField): boolean {
  return type === 'integer' || type === 'number';
}

function wordsOf(options: readonly unknown[] | undefined): string[] {
  return [...new Set((options ?? []).flatMap((option) => text(option) ?? []))];
}

function lines(standard: unknown): { default?: string } {
  const words = wordsOf([standard].flat());
  return words.length === 0 ? {} : { default: words.join('\n') };
}

/** What a form can show of a value; undefined where that is nothing. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
