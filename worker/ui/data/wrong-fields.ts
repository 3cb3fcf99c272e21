import { ToruError } from '../../../shared/errors.ts';
import { sentence } from '../api.ts';

/** The problems of a form: by field, and under `form` the one that concerns none of them. */
export type Wrong = Readonly<Record<string, string>>;

/** @param fields those that the form shows; what the server says about another one is said about the form. */
export function wrongOf(error: unknown, fields: readonly string[]): Wrong {
  const reported = error instanceof ToruError ? error.extra['field'] : undefined;
  const field = typeof reported === 'string' ? fields.find((name) => reported === name || reported.startsWith(`${name}.`)) : undefined;
  return { [field ?? 'form']: sentence(error) };
}

/** The fields with something wrong, of those that were looked at. */
export function only(found: Readonly<Record<string, string | null>>): Wrong {
  return Object.fromEntries(Object.entries(found).filter((pair): pair is [string, string] => pair[1] !== null));
}
