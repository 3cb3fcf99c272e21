import { fileProblem, type InputValues, isShown, resolveEach } from '../../../../shared/input-values.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { fromServer } from '../../translate.ts';

/** Nothing is chosen, where an empty text is one of the options. No option is this. */
const UNCHOSEN = '\0';

/** The value of a choice while nothing is chosen. */
export function unchosen(input: Extract<ActionInput, { type: 'choice' }>): string {
  return input.options.some(({ value }) => value === '') ? UNCHOSEN : '';
}

/** The contents of a field: a text as typed, a switch as it stands, the options that are chosen. */
export type Answer = string | boolean | string[];
/** The contents of the fields of an action's questions. */
export type Answers = Record<string, Answer>;

/**
 * How the fields stand when the questions are asked: the defaults, under what is known of other answers. A secret is never prefilled.
 * @param known the later ones count more. What does not fit its question any more is left out.
 */
export function firstAnswers(inputs: readonly ActionInput[], ...known: readonly Readonly<Record<string, unknown>>[]): Answers {
  const answers: Answers = {};
  for (const input of inputs) {
    const given = known.toReversed().map((of) => (Object.hasOwn(of, input.name) ? answerTo(input, of[input.name]) : undefined));
    answers[input.name] = given.find((answer) => answer !== undefined) ?? untouched(input);
  }
  return answers;
}

function untouched(input: ActionInput): Answer {
  switch (input.type) {
    case 'boolean':
      return input.default;
    case 'secret':
    case 'file':
      return '';
    case 'choice':
      // Nobody's choice is made for them: without a default, none is chosen.
      return input.default ?? (input.multiple === true ? [] : unchosen(input));
    case 'number':
      return String(input.default ?? (input.slider === true ? input.min : undefined) ?? '');
    default:
      return input.default ?? '';
  }
}

/** A value as the contents of its field; undefined when it is none for this question. */
function answerTo(input: ActionInput, value: unknown): Answer | undefined {
  switch (input.type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'secret':
    case 'file':
      return undefined;
    case 'choice': {
      // What its script will say is not known yet: a kept answer stands until it is.
      if (input.options_from !== undefined && input.options.length === 0) return undecided(input.multiple === true, value);
      const known = input.options.map((option) => option.value);
      if (input.multiple !== true) return value === UNCHOSEN || known.some((one) => one === value) ? String(value) : undefined;
      return Array.isArray(value) ? known.filter((one) => value.includes(one)) : value === '' ? [] : undefined;
    }
    default:
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  }
}

function undecided(several: boolean, value: unknown): Answer | undefined {
  if (several) return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The answers without what its script does not offer any more. */
export function offered(inputs: readonly ActionInput[], answers: Answers): Answers {
  const next = { ...answers };
  for (const input of inputs) {
    if (input.type !== 'choice' || input.options_from === undefined || input.options.length === 0) continue;
    next[input.name] = answerTo(input, answers[input.name]) ?? (input.multiple === true ? [] : unchosen(input));
  }
  return next;
}

/** The questions that are asked with these answers. */
export function shownInputs(inputs: readonly ActionInput[], answers: Readonly<Answers>): ActionInput[] {
  const answered: Answers = {};
  return inputs.filter((input) => {
    if (!isShown(input, answered)) return false;
    const answer = answers[input.name];
    if (answer !== undefined) answered[input.name] = answer;
    return true;
  });
}

/** In place of the id that the host gives to a file when it was sent. */
const TO_BE_SENT = '00000000-0000-0000-0000-000000000000';

/**
 * The answers, checked by the rules that the host checks them by. @param files those that are chosen, by field; they have no ids yet.
 * @returns the values, or what is wrong by field.
 */
export function checkAnswers(
  inputs: readonly ActionInput[],
  answers: Answers,
  files: Readonly<Record<string, Pick<File, 'name' | 'size'>>> = {},
): { values: InputValues } | { wrong: Record<string, string> } {
  const shown = shownInputs(inputs, answers);
  const given = shown.map(({ name }) => [name, answers[name] === UNCHOSEN ? null : files[name] === undefined ? answers[name] : TO_BE_SENT]);
  const { values, wrong } = resolveEach(shown, Object.fromEntries(given));
  const faults = wrong.map((error) => [String(error.extra['input']), fromServer(error.code, error.message)]);
  for (const input of shown) {
    const file = input.type === 'file' ? files[input.name] : undefined;
    const problem = input.type === 'file' && file !== undefined ? fileProblem(input, file.name, file.size) : null;
    if (problem !== null) faults.push([input.name, fromServer('input_invalid', problem)]);
  }
  return faults.length === 0 ? { values } : { wrong: Object.fromEntries(faults) };
}

/** Answers from a link's query: of questions that are asked, and never of a secret. @returns the names of the rest, too. */
export function linkedAnswers(
  inputs: readonly ActionInput[],
  query: URLSearchParams,
): { answers: Record<string, unknown>; strange: string[] } {
  const answers: Record<string, unknown> = {};
  const strange: string[] = [];
  for (const name of new Set(query.keys())) {
    const input = inputs.find((one) => one.name === name);
    const words = query.getAll(name);
    const answer = input === undefined ? undefined : answerTo(input, fromWords(input, words));
    if (answer === undefined) strange.push(name);
    else answers[name] = answer;
  }
  return { answers, strange };
}

function fromWords(input: ActionInput, words: readonly string[]): unknown {
  if (input.type === 'boolean')
    return /^(?:true|yes|on|1)$/i.test(words[0] ?? '') ? true : /^(?:false|no|off|0)$/i.test(words[0] ?? '') ? false : null;
  return input.type === 'choice' && input.multiple === true ? words : words[0];
}
