import type { ActionInput } from './inputs.ts';

/**
 * The variables that an action sets for every run. Whoever saves an action decides which code runs anyway, so `PATH` and the
 * like may be among them; Toru's own may not, nor one that an input sets.
 * @returns what is wrong, one sentence each.
 */
export function checkFixedVariables(env: Readonly<Record<string, string>>, inputs: readonly ActionInput[]): string[] {
  const takenBy = new Map(inputs.flatMap(({ label, pass }) => (pass.by === 'environment' ? [[pass.variable, label]] : [])));
  return Object.entries(env).flatMap(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name)) return [`“${name}” is no name of a variable: letters, digits and underscores.`];
    if (READ_ONLY.test(name)) return [`${name} can’t be set: it belongs to Toru, or a shell refuses to have it set.`];
    if (takenBy.has(name)) return [`${name} is set by “${takenBy.get(name)}” and by the action itself.`];
    if (/[\0\p{Surrogate}]/u.test(value)) return [`The value of ${name} holds what can’t be passed to a program.`];
    return [];
  });
}

const READ_ONLY = /^(?:TORU_.*|ADMIN_(?:USERNAME|PASSWORD)|SHELLOPTS|BASHOPTS|BASH_VERSINFO|PPID|E?UID)$/i;
