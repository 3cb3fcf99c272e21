import { UsageError } from '../io.ts';

/** Words of a unit file, by systemd.syntax(7) and systemd.service(5): whatever a path holds, it stays one word and itself. */

/** One word: of `ExecStart=`, or an assignment of `Environment=`. @throws UsageError */
export function unitWord(text: string): string {
  refuseControls(text);
  const doubled = text.replaceAll('%', '%%');
  return /^[\w./=:@,+-]+$/.test(text) ? text : `"${doubled.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** A path that is all of its line, such as that of `EnvironmentFile=`: nothing is unquoted there. @throws UsageError */
export function unitLine(text: string): string {
  refuseControls(text);
  if (/^\s|[\s\\]$/.test(text)) throw new UsageError(`A unit file can’t name “${text}”: no space at its ends, and no \\ at its end.`);
  return text.replaceAll('%', '%%');
}

/** `ExecStart=`'s value. With a $ in it, variables are not to be looked for (the `:`, of systemd 244 and newer). @throws UsageError */
export function unitCommand(words: readonly string[]): string {
  return `${words.some((word) => word.includes('$')) ? ':' : ''}${words.map(unitWord).join(' ')}`;
}

/** A line of an environment file (systemd.exec(5), EnvironmentFile=). @throws UsageError for a value of several lines. */
export function environmentLine(name: string, value: string): string {
  refuseControls(value, name);
  return `${name}="${value.replace(/["\\`$]/g, '\\$&')}"`;
}

/** What `environmentLine` wrote, or a person by hand; null for a line that sets nothing. */
export function readEnvironmentLine(line: string): { name: string; value: string } | null {
  const [, name, raw = ''] = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
  if (name === undefined) return null;
  const text = raw.trim();
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(text)?.[1] ?? null;
  if (quoted !== null) return { name, value: quoted.replace(/\\(["\\`$])/g, '$1') };
  return { name, value: /^'([^']*)'$/.exec(text)?.[1] ?? text };
}

function refuseControls(text: string, name?: string): void {
  if (!/[\u0000-\u001f\u007f]/.test(text)) return;
  // A value may be a secret: then only its name is said.
  throw new UsageError(
    name === undefined
      ? `${JSON.stringify(text)} has a line break or another control character; choose a path without.`
      : `${name} has a line break or another control character, which a service can’t be given.`,
  );
}
