import type { InputField } from '../../shared/flow/definition.ts';
import type { Json } from '../../shared/flow/job.ts';
import { parseTemplate } from '../../shared/flow/template.ts';
import { type Sealer, seal, unseal } from '../secrets/sealed.ts';

/**
 * The inputs of a job that hold a secret: they are kept sealed under the host's key, as a part of the job that they belong to, and are
 * opened for a script that is about to run. No row, event or answer holds one in clear.
 */

interface Sealed {
  sealed: string;
  /** What is not to be printed of it, where that is another text than the value: the secret in `Bearer …`. */
  hides?: string;
}

const SECRET_NAMES = new Set(['secret', 'secrets', 'connection']);

/** @param jobId where it belongs: in another job it can't be opened. @param hides texts in it that are secret by themselves */
export function sealInput(key: Sealer, jobId: string, name: string, value: Json, hides: readonly string[] = []): Json {
  const put = (place: string, what: Json): string => seal(key, place, JSON.stringify(what)).toString('base64');
  const sealed = put(placeOf(jobId, name), value);
  return hides.length === 0 ? { sealed } : { sealed, hides: put(`${placeOf(jobId, name)}/hides`, [...hides]) };
}

/** Has this the shape of what `sealInput` made? Whether it is, `openInput` tells. */
export function isSealed(value: Json | undefined): value is { sealed: string; hides?: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return (
    Object.entries(value).every(([key, text]) => (key === 'sealed' || key === 'hides') && typeof text === 'string') && 'sealed' in value
  );
}

/** @returns null when another key sealed it, or it belongs to another job. */
export function openInput(key: Sealer, jobId: string, name: string, value: Sealed): { value: Json; hides: string[] } | null {
  const get = (place: string, text: string): string | null => unseal(key, place, Buffer.from(text, 'base64'));
  const opened = get(placeOf(jobId, name), value.sealed);
  const hides = value.hides === undefined ? '[]' : get(`${placeOf(jobId, name)}/hides`, value.hides);
  // Texts that `sealInput` made.
  return opened === null || hides === null ? null : { value: JSON.parse(opened), hides: JSON.parse(hides) };
}

/** The input of a job for another one that is made of it. */
export function resealed(key: Sealer, input: Record<string, Json>, from: string, to: string): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => {
      const opened = isSealed(value) ? openInput(key, from, name, value) : null;
      return [name, opened === null ? value : sealInput(key, to, name, opened.value, opened.hides)];
    }),
  );
}

/**
 * Does a value of the language name a secret, at any depth?
 * @param isSecret which inputs hold one; null: an input whose name only the run tells.
 */
export function namesSecret(value: Json | undefined, isSecret: (input: string | null) => boolean = () => false): boolean {
  if (typeof value === 'string')
    return (
      value.includes('{') &&
      parseTemplate(value).references.some(({ path: [root, member] }) =>
        root === 'input' ? isSecret(typeof member === 'string' ? member : null) : typeof root === 'string' && SECRET_NAMES.has(root),
      )
    );
  if (Array.isArray(value)) return value.some((item) => namesSecret(item, isSecret));
  return typeof value === 'object' && value !== null && Object.values(value).some((item) => namesSecret(item, isSecret));
}

/** Which inputs of a job hold a secret: those that are sealed, those that are declared so, and connections. */
export function secretInputs(
  input: Readonly<Record<string, Json>>,
  fields: Readonly<Record<string, InputField>>,
  isConnection: (type: string) => boolean,
): (name: string | null) => boolean {
  const holds = (name: string): boolean => {
    const field = fields[name];
    return isSealed(input[name]) || (field !== undefined && (field.secret || isConnection(field.type) || namesSecret(field.default)));
  };
  const names = [...new Set([...Object.keys(input), ...Object.keys(fields)])];
  return (name) => (name === null ? names.some(holds) : holds(name));
}

/** The texts in a value, at any depth: what a script may print of it. */
export function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn);
  return value === null || typeof value === 'boolean' ? [] : [String(value)];
}

function placeOf(jobId: string, name: string): string {
  return `job/${jobId}/${name}`;
}
