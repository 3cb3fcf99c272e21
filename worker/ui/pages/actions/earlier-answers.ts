import type { ActionInput } from '../../../../shared/inputs.ts';
import type { Run } from '../../../../shared/runs.ts';

/** What a person answered in earlier runs of an action: taken from the history, so that it is the same on each device. */

/** So many of the newest runs are looked at, … */
export const RUNS_READ = 50;
/** … and so many different sets of answers are offered. */
const MOST_SETS = 10;
const MOST_TEXTS = 20;

/** The answers of one run, and when that was made. */
export interface EarlierSet {
  readonly at: string;
  readonly inputs: Run['inputs'];
}

/** Neither a secret nor a file is kept in a run. */
export function isKept({ type }: Pick<ActionInput, 'type'>): boolean {
  return type !== 'secret' && type !== 'file';
}

/** The different sets of answers, the newest first. @param runs of one action, the newest first. */
export function earlierSets(runs: readonly Pick<Run, 'inputs' | 'created_at'>[], inputs: readonly ActionInput[]): EarlierSet[] {
  const sets = new Map<string, EarlierSet>();
  const names = inputs.filter(isKept).map(({ name }) => name);
  for (const { inputs: given, created_at } of runs) {
    const kept = Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
    const key = JSON.stringify(kept);
    if (key !== '{}' && !sets.has(key)) sets.set(key, { at: created_at, inputs: kept });
  }
  return [...sets.values()].slice(0, MOST_SETS);
}

/** What was typed into one question before, the newest first; nothing where the question is none for a line of text. */
export function earlierTexts(runs: readonly Pick<Run, 'inputs'>[], input: ActionInput): string[] {
  if (input.type !== 'text' || input.multiline === true) return [];
  const texts = runs.flatMap(({ inputs }) => {
    const text = inputs[input.name];
    return typeof text === 'string' && text !== '' ? [text] : [];
  });
  return [...new Set(texts)].slice(0, MOST_TEXTS);
}
