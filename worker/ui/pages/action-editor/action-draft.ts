import type { Action, ActionFields } from '../../../../shared/actions.ts';
import { checkFixedVariables } from '../../../../shared/fixed-variables.ts';
import { checkDeclaration, type Fault } from '../../../../shared/input-declaration.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { DEFAULT_UPLOAD_BYTES } from '../../../../shared/limits.ts';
import { inputVariable, isInputVariable } from '../../../../shared/reserved-variables.ts';
import type { ScriptText } from '../../../../shared/scripts.ts';
import type { Wrong } from '../../data/wrong-fields.ts';
import { fromServer, msg, t } from '../../translate.ts';

/**
 * An action while it is being edited: what the host takes, with the texts of number fields as texts, and inputs that
 * may not be right yet.
 */
export interface Draft {
  label: string;
  description: string;
  script: string;
  args: string[];
  env: Record<string, string>;
  group: string;
  icon: string;
  color: ActionFields['color'];
  inputs: DraftInput[];
  confirm: ActionFields['confirm'];
  timeout_s: number;
  stop_signal: ActionFields['stop_signal'];
  grace_s: number | null;
  max_concurrent: number;
  when_full: ActionFields['when_full'];
  allow: ActionFields['allow'];
  stdin: boolean;
  tty: boolean;
  /** The revision that is being edited; null for a new one. */
  revision: number | null;
}

/** An input with a key of its own, so that it keeps its fields' focus while its name changes. */
export interface DraftInput {
  key: number;
  input: ActionInput;
}

let nextKey = 1;

function keyed(input: ActionInput): DraftInput {
  const key = nextKey;
  nextKey += 1;
  return { key, input };
}

export function emptyDraft(script = ''): Draft {
  return {
    label: script === '' ? '' : labelOf(script),
    description: '',
    script,
    args: [],
    env: {},
    group: '',
    icon: 'play',
    color: 'slate',
    inputs: [],
    confirm: 'none',
    timeout_s: 0,
    stop_signal: 'TERM',
    grace_s: null,
    max_concurrent: 0,
    when_full: 'queue',
    allow: [],
    stdin: false,
    tty: false,
    revision: null,
  };
}

/** "media/sync-photos.sh" → "Sync photos". */
export function labelOf(script: string): string {
  const name = (script.split('/').at(-1) ?? '')
    .replace(/\.[a-z0-9]+$/i, '')
    .replace(/[-_]+/g, ' ')
    .trim();
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export function draftOf(action: Action): Draft {
  const { label, description, script, args, env, group, icon, color, inputs, confirm, allow, stdin, tty, revision } = action;
  const { timeout_s, stop_signal, grace_s, max_concurrent, when_full } = action;
  return {
    label,
    description,
    script,
    args,
    env,
    group,
    icon,
    color,
    inputs: inputs.map(keyed),
    confirm,
    timeout_s,
    stop_signal,
    grace_s,
    max_concurrent,
    when_full,
    allow,
    stdin,
    tty: tty === true,
    revision,
  };
}

/** A new action that begins as another one: for the same script, under a name of its own, and for nobody yet. */
export function copyOf(action: Action): Draft {
  return { ...draftOf(action), label: t('Copy of {label}', { label: action.label }).slice(0, 80), allow: [], revision: null };
}

/** A new action for a script, with what the script's own comments say of it. */
export function draftFrom(script: string, said: NonNullable<ScriptText['action']>): Draft {
  const draft = emptyDraft(script);
  return {
    ...draft,
    label: said.label ?? draft.label,
    description: said.description ?? draft.description,
    args: said.args ?? draft.args,
    env: said.env ?? draft.env,
    icon: said.icon ?? draft.icon,
    color: said.color ?? draft.color,
    inputs: said.inputs?.map(keyed) ?? draft.inputs,
    confirm: said.confirm ?? draft.confirm,
    timeout_s: said.timeout_s ?? draft.timeout_s,
    stop_signal: said.stop_signal ?? draft.stop_signal,
    grace_s: said.grace_s ?? draft.grace_s,
    max_concurrent: said.max_concurrent ?? draft.max_concurrent,
    when_full: said.when_full ?? draft.when_full,
    stdin: said.stdin ?? draft.stdin,
    tty: said.tty ?? draft.tty,
  };
}

/** The body that makes the action. */
export function bodyOf(draft: Draft): Omit<ActionFields, 'id'> {
  const { revision: _revision, inputs, ...fields } = draft;
  return { ...fields, label: draft.label.trim(), script: draft.script.trim(), inputs: inputs.map(({ input }) => input) };
}

/** The body that changes the action: with the revision that was edited, so that nobody's work is written over unseen. */
export function patchOf(draft: Draft): Omit<ActionFields, 'id'> & { revision?: number } {
  return { ...bodyOf(draft), ...(draft.revision === null ? {} : { revision: draft.revision }) };
}

/** The problems of a draft, before the host is asked, by place: `label`, `inputs.0.pass.variable`. */
export function wrongWith(draft: Draft): Wrong {
  const faults: Fault[] = [];
  if (draft.label.trim() === '') faults.push({ at: 'label', message: t('Give the action a name.') });
  if (draft.script.trim() === '') faults.push({ at: 'script', message: t('Choose the script that it runs.') });
  const inputs = draft.inputs.map(({ input }) => input);
  for (const [index, input] of inputs.entries()) {
    const fault = (at: string, message: string): unknown => faults.push({ at: `inputs.${index}.${at}`, message });
    if (input.label.trim() === '') fault('label', t('Every question needs a text.'));
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(input.name))
      fault(
        'name',
        t('“{name}” is no name for an input: small letters, digits and underscores, beginning with a letter.', { name: input.name }),
      );
    if (input.pass.by === 'environment' && !/^[A-Z_][A-Z0-9_]{0,63}$/.test(input.pass.variable))
      fault('pass.variable', t('“{variable}” is no variable: capital letters, digits and underscores.', { variable: input.pass.variable }));
    if (input.pass.by === 'argument' && input.pass.flag !== undefined && !/^--?[A-Za-z0-9][\w-]{0,60}$/.test(input.pass.flag))
      fault('pass.flag', t('“{flag}” is no option: it begins with one or two hyphens.', { flag: input.pass.flag }));
  }
  for (const message of checkFixedVariables(draft.env, inputs)) faults.push({ at: 'env', message });
  return byPlace([
    ...faults,
    ...checkDeclaration(inputs, draft.stdin, draft.tty).map(({ at, message }) => ({ at, message: fromServer('action_invalid', message) })),
  ]);
}

/** Of several faults at one place, the first. */
export function byPlace(faults: readonly Fault[]): Wrong {
  return Object.fromEntries(faults.toReversed().map(({ at, message }) => [fieldAt(at) ?? at, message]));
}

/** The field of the form that holds this part of an action; null when none does. */
export function fieldAt(at: string): string | null {
  return FIELDS.exec(at)?.[1] ?? null;
}
const FIELDS =
  /^(label|script|args|env|inputs\.\d+\.(?:pass\.variable|pass\.flag|pass|options_from\.script|options_from\.args|options_from\.uses|label|name|help|options|default|pattern|min|max|step|show_if|accept|max_bytes))(?:\.|$)/;

export const INPUT_TYPES: readonly (readonly [type: ActionInput['type'], label: string])[] = [
  ['text', msg('Text')],
  ['number', msg('Number')],
  ['choice', msg('Choice')],
  ['boolean', msg('Yes or no')],
  ['date', msg('Date')],
  ['time', msg('Time')],
  ['datetime', msg('Date and time')],
  ['email', 'E-mail address'],
  ['file', msg('File')],
  ['secret', msg('Secret')],
];

/** A new question with a name that is free. */
export function newInput(others: readonly DraftInput[]): DraftInput {
  const names = new Set(others.map(({ input }) => input.name));
  let number = others.length + 1;
  while (names.has(`input_${number}`)) number += 1;
  return keyed(withType(null, 'text', `input_${number}`));
}

/** The same question as another type: what both have is kept. A secret goes into the environment: arguments can be seen. */
export function withType(before: ActionInput | null, type: ActionInput['type'], name = 'input'): ActionInput {
  const { label, help, required, show_if, remember } = before ?? { label: '', help: '', required: true };
  const pass: ActionInput['pass'] = before?.pass ?? { by: 'argument' };
  const common = {
    ...{ name: before?.name ?? name, label, help, required, pass },
    ...(show_if === undefined ? {} : { show_if }),
    ...(remember === undefined || type === 'secret' || type === 'file' ? {} : { remember }),
  };
  switch (type) {
    case 'text':
      return { type, ...common, multiline: false, max_length: 4096, allow_dash: false };
    case 'number':
      return { type, ...common, integer: false };
    case 'choice':
      return { type, ...common, options: [{ value: 'one' }, { value: 'two' }] };
    case 'boolean':
      return { type, ...common, required: false, default: false };
    case 'date':
    case 'time':
    case 'datetime':
    case 'email':
      return { type, ...common };
    case 'file':
      return { type, ...common, pass: pass.by === 'stdin' ? { by: 'argument' } : pass, max_bytes: DEFAULT_UPLOAD_BYTES, accept: [] };
    case 'secret':
      return {
        type,
        ...common,
        pass: pass.by === 'argument' ? { by: 'environment', variable: variableOf(common.name) } : pass,
        max_length: 4096,
      };
  }
}

/** "api_token" → "INPUT_API_TOKEN", which no program but the script reads. */
export function variableOf(name: string): string {
  return inputVariable(name);
}

/** Variables of a name that some program could obey, which stood in the action before under no input: a person has to mean them. */
export function unusualVariables(draft: Draft, before: Draft): string[] {
  const known = variablesOf(before);
  return variablesOf(draft).filter((name) => !isInputVariable(name) && !known.includes(name));
}

function variablesOf({ inputs }: Draft): string[] {
  return inputs.flatMap(({ input }) => (input.pass.by === 'environment' ? [input.pass.variable] : []));
}

/** "Which server?" → "which_server": the name an input gets while nobody chose another. */
export function nameOf(label: string): string {
  return label
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 40);
}

export function textToArgs(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Variables as lines, NAME=value. */
export function envToText(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}
export function textToEnv(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(lines.map((line) => [line.replace(/=.*/, '').trim(), line.replace(/^[^=]*=?/, '')]));
}

type Option = { value: string; label?: string | undefined };

/** Arguments as lines of text, one each, an empty line for an empty one; and back. */
export function argsToText(args: readonly string[]): string {
  return args.at(-1) === '' ? `${args.join('\n')}\n` : args.join('\n');
}

/** Options as lines: "value" or "value = what people read", "= what people read" for the empty value. */
export function optionsToText(options: readonly Option[]): string {
  return options
    .map(({ value, label }) => (value !== '' && (label === undefined || label === value) ? value : `${value} = ${label ?? ''}`.trim()))
    .join('\n');
}
export function textToOptions(text: string): Option[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, value, label] = /^(|.*? )=(| .*)$/.exec(line) ?? [null, line, ''];
      return { value: value.trim(), ...(label === '' ? {} : { label: label.trim() }) };
    });
}

/** Do these lines come back as what they stand for? Some options, arguments and variables were made by the API. */
export function fitsLines<T>(things: T, text: string, read: (text: string) => T): boolean {
  return JSON.stringify(read(text)) === JSON.stringify(things);
}
