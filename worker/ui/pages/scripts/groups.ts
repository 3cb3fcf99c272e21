import type { Script } from '../../../../shared/scripts.ts';

/** The scripts of one folder; '' is the scripts folder itself. */
export interface Folder {
  path: string;
  scripts: Script[];
}

/** By folder, the top one first, each in the order given; only those with `wanted` in their name or description. */
export function foldersOf(scripts: readonly Script[], wanted: string): Folder[] {
  const words = wanted.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const folders = new Map<string, Script[]>();
  for (const script of scripts) {
    const text = `${script.name} ${script.description}`.toLocaleLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const path = script.name.slice(0, Math.max(0, script.name.lastIndexOf('/')));
    const folder = folders.get(path);
    if (folder === undefined) folders.set(path, [script]);
    else folder.push(script);
  }
  return [...folders].map(([path, found]) => ({ path, scripts: found })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function fileName(script: Script): string {
  return script.name.slice(script.name.lastIndexOf('/') + 1);
}

/** A problem as the host tells it, with the command that fixes it taken apart: `… Fix it: chmod +x /a`. */
export function fixing(problem: string): { why: string; command: string | null } {
  const [, why, command] =
    /^(.*?[.:]?) (?:Allow it|Fix it|Mend it|Make it|Rename it|Look at|Check [^:]*): ((?:sudo |chmod |chown |setfacl |mkdir |cd |ls |namei ).+)$/s.exec(
      problem,
    ) ?? [];
  return why === undefined || command === undefined ? { why: problem, command: null } : { why, command };
}

/** One argument a line, exactly as written. Empty lines at the end are none. */
export function argumentsOf(text: string): string[] {
  const lines = text.replace(/\n+$/, '');
  return lines === '' ? [] : lines.split('\n');
}

/** As it would be typed into a shell, to be read: `backup.sh '/my files'`. */
export function commandLine(script: string, args: readonly string[]): string {
  return [script, ...args].map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
