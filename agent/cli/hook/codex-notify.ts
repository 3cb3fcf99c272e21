import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import * as z from 'zod';
import { UsageError } from '../io.ts';

/**
 * Codex' config.toml: `notify = ["program", "argument"]`, one program, which gets the event as JSON in a last argument; it is told that a
 * turn is over, and of nothing else (https://developers.openai.com/codex/config-reference). One that stands there is kept, and started by ours.
 */

const argv = z.array(z.string()).min(1);
/** What our line is found by. */
const OURS = ['hook', 'event', 'codex'];

/** The text of config.toml with our program in `notify`. @param toru argv that starts this command. @throws UsageError */
export function withCodexNotify(text: string | null, toru: readonly string[]): string {
  const before = text ?? '';
  const theirs = theirsIn(before);
  return withNotify(before, [...toru, ...OURS, ...(theirs === null ? [] : ['--', ...theirs])]);
}

/** The text of config.toml as it would be without us. @throws UsageError */
export function withoutCodexNotify(text: string | null): string {
  const before = text ?? '';
  return hasCodexNotify(text) ? withNotify(before, theirsIn(before)) : before;
}

export function hasCodexNotify(text: string | null): boolean {
  const set = notifyIn(text ?? '');
  return set !== null && ourPlace(set) >= 0;
}

/** The program that stands there beside ours. */
function theirsIn(text: string): string[] | null {
  const set = notifyIn(text);
  const at = set === null ? -1 : ourPlace(set);
  if (set === null || at < 0) return set;
  return set[at + OURS.length] === '--' ? set.slice(at + OURS.length + 1) : null;
}

function ourPlace(set: readonly string[]): number {
  return set.findIndex((_, at) => OURS.every((word, index) => set[at + index] === word));
}

function notifyIn(text: string): string[] | null {
  const { notify } = entries(text);
  if (notify === undefined) return null;
  const parsed = argv.safeParse(notify);
  if (!parsed.success) throw new UsageError('“notify” in this file is no list of words, as Codex reads it: nothing was changed.');
  return parsed.data;
}

function entries(text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch {
    throw new UsageError('This file is no TOML: nothing was changed. Correct it first, or name another with --file.');
  }
}

/** Sets the line, or takes it away; every other line and the comments stay. @throws UsageError where that can't be done. */
function withNotify(text: string, value: readonly string[] | null): string {
  const line = value === null ? '' : `notify = [${value.map((word) => JSON.stringify(word)).join(', ')}]`;
  const place = placeOf(text);
  const after =
    place === null
      ? `${line}\n${text}`
      : `${text.slice(0, place.from)}${line}${line === '' ? text.slice(place.to).replace(/^[ \t]*\r?\n/, '') : text.slice(place.to)}`;
  const { notify: _old, ...others } = entries(text);
  const { notify, ...same } = entries(after);
  if (!isDeepStrictEqual(others, same) || !isDeepStrictEqual(notify, value ?? undefined))
    throw new UsageError(`“notify” stands in this file in a way that this command can’t change. Write there: ${line}`);
  return after;
}

/** Where `notify = […]` stands before the first table; null where it does not. */
function placeOf(text: string): { from: number; to: number } | null {
  const head = /^\s*\[/m.exec(text)?.index ?? text.length;
  const found = /^[ \t]*(?:notify|"notify"|'notify')[ \t]*=[ \t]*(?=\[)/m.exec(text);
  if (found === null || found.index > head) return null;
  let depth = 0;
  const tokens = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[\]]/g;
  tokens.lastIndex = found.index + found[0].length;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '[') depth += 1;
    if (token[0] === ']') depth -= 1;
    if (depth === 0) return { from: found.index, to: tokens.lastIndex };
  }
  return null;
}
