import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { inConfigFile, keyOf } from './config.ts';
import { StartError } from './start-error.ts';

/**
 * Sets a variable in TORU_HOME/config.toml. Its other lines and the comments stay as they are; the file is made when there is none.
 * @param name of the variable, such as TORU_EDGE_URL.
 * @returns puts the file back as it was.
 * @throws StartError when the file is no TOML, or this line can't be changed without another: then nothing was.
 */
export function setInConfigFile(home: string, name: string, value: string): () => void {
  const path = join(home, 'config.toml');
  // Kept elsewhere and linked to, as with other dotfiles.
  const file = existsSync(path) ? realpathSync(path) : path;
  // A file that can't be read as the agent reads it is said first.
  const set = inConfigFile(home, name);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null;
  if (set === value) return () => undefined;
  const after = withValue(before ?? '', name, value);
  if (!isOnlyThat(before ?? '', after, name, value))
    throw new StartError(`${path} is written in a way that this command can’t change. Write there: ${lineOf(name, value)}`);
  writeAtomically(file, after);
  return () => (before === null ? rmSync(file, { force: true }) : writeAtomically(file, before));
}

function withValue(text: string, name: string, value: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => keyOf(/^\s*["']?(\w+)["']?\s*=/.exec(line)?.[1] ?? '') === keyOf(name));
  if (at < 0) return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${lineOf(name, value)}\n`;
  // A text in quotes, whatever stands behind it stays.
  lines[at] = (lines[at] ?? '').replace(/=(\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*')/, (_, space: string) => `=${space}${JSON.stringify(value)}`);
  return lines.join('\n');
}

function lineOf(name: string, value: string): string {
  return `${keyOf(name)} = ${JSON.stringify(value)}`;
}

/** Does the new text say this, and else what the old one says? A line may only look like a key, within a text of several lines. */
function isOnlyThat(before: string, after: string, name: string, value: string): boolean {
  try {
    const [old, now] = [entriesOf(before), entriesOf(after)];
    const set = now.get(keyOf(name)) === value;
    for (const entries of [old, now]) entries.delete(keyOf(name));
    return set && isDeepStrictEqual(old, now);
  } catch {
    return false;
  }
}

function entriesOf(text: string): Map<string, unknown> {
  return new Map(Object.entries(parse(text)).map(([key, value]) => [keyOf(key), value]));
}

/** Passwords may stand there: a new file is its owner's alone, an old one stays as open as it is. */
export function writeAtomically(file: string, text: string): void {
  const mode = (statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600) & 0o777;
  const next = `${file}.${process.pid}.new`;
  writeFileSync(next, text, { mode, flag: 'wx', flush: true });
  renameSync(next, file);
}
