import { textOf } from '../../shared/input-passing.ts';
import type { Run } from '../../shared/runs.ts';
import type { FoundField } from '../../shared/search.ts';
import type { Matcher } from './needle.ts';

/** Of a long input, what is shown around the first place. */
const LEAD_CHARS = 60;
const MAX_CHARS = 240;

/**
 * Where the needle stands in a run's names, inputs and note. @param run as its reader may see it: what was left out for a client
 * is not looked at, so that a search tells no more than the run itself.
 */
export function fieldsOf(run: Run, needle: Matcher): FoundField[] {
  const texts: [FoundField['name'], string | undefined][] = [
    ['label', run.label],
    ['script', run.script],
    ['action', run.action],
    ['user', run.user],
    ...Object.entries(run.inputs).map(([name, value]): [FoundField['name'], string] => ['inputs', `${name}: ${textOf(value)}`]),
    ['args', run.args?.join(' ')],
    ['note', run.note],
  ];
  return texts.flatMap(([name, value]) => {
    const first = value === undefined ? undefined : needle.marks(value)[0];
    if (value === undefined || first === undefined) return [];
    const from = value.length <= MAX_CHARS ? 0 : Math.max(0, first[0] - LEAD_CHARS);
    const text = value.slice(from, from + Math.max(MAX_CHARS, first[1] - from));
    return [{ name, text, marks: needle.marks(text) }];
  });
}
