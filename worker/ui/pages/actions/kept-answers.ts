import { effect } from '@preact/signals';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { isRecord } from '../../guards.ts';
import { endedBecause, me } from '../../own-session.ts';
import { readJson } from '../../read-json.ts';
import { placePrefix } from '../../viewed-host.ts';
import type { Answers } from './input-answers.ts';

/**
 * What was typed into the questions of an action and not sent yet: kept in this tab, also over a reload, until it was sent or
 * somebody starts over. Never a secret; never for another person.
 */
const KEY = 'toru.answers';
/** More are not kept: the oldest go. */
const MOST = 20;

type Kept = Record<string, Answers>;

function kept(): Kept {
  const all = readJson(storage('get') ?? 'null');
  return isRecord(all) && isRecord(all['answers']) && all['user'] === me.peek()?.user.id ? readable(all['answers']) : {};
}

function readable(all: Record<string, unknown>): Kept {
  return Object.fromEntries(Object.entries(all).flatMap(([key, of]) => (isRecord(of) ? [[key, answersIn(of)]] : [])));
}

function answersIn(of: Record<string, unknown>): Answers {
  const answers: Answers = {};
  for (const [name, value] of Object.entries(of)) {
    if (typeof value === 'string' || typeof value === 'boolean') answers[name] = value;
    else if (Array.isArray(value)) answers[name] = value.filter((one) => typeof one === 'string');
  }
  return answers;
}

/** @param key names the questions: the action, and what they began with. */
export function keptAnswers(key: string): Answers | null {
  return kept()[placePrefix + key] ?? null;
}

export function keepAnswers(key: string, inputs: readonly ActionInput[], answers: Answers): void {
  const never = new Set(inputs.filter(({ type }) => type === 'secret' || type === 'file').map(({ name }) => name));
  const plain = Object.fromEntries(Object.entries(answers).filter(([name]) => !never.has(name)));
  const others = Object.entries(kept()).filter(([other]) => other !== placePrefix + key);
  write(Object.fromEntries([...others.slice(1 - MOST), [placePrefix + key, plain]]));
}

export function forgetAnswers(key: string): void {
  write(Object.fromEntries(Object.entries(kept()).filter(([other]) => other !== placePrefix + key)));
}

function write(answers: Kept): void {
  const user = me.peek()?.user.id;
  if (user !== undefined) storage('set', JSON.stringify({ user, answers }));
}

/** sessionStorage, for a browser that may refuse it or has no room: then they last as long as the sheet. */
function storage(act: 'get' | 'set' | 'remove', text = ''): string | null {
  try {
    if (act === 'get') return sessionStorage.getItem(KEY);
    if (act === 'set') sessionStorage.setItem(KEY, text);
    else sessionStorage.removeItem(KEY);
  } catch {
    // As above.
  }
  return null;
}

// Not a moment longer than their person is logged in. After a session that ended by itself, the same person goes on here.
effect(() => {
  const all = readJson(storage('get') ?? 'null');
  if (!isRecord(all) || me.value === undefined) return;
  if (me.value === null ? endedBecause.peek() === null : all['user'] !== me.value.user.id) storage('remove');
});
