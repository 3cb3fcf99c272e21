import { ToruError } from '../../../../shared/errors.ts';
import { type InputValues, resolveInputs } from '../../../../shared/input-values.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';

/** Nothing is chosen, where an empty text is one of the options. No option is this. */
const UNCHOSEN = '\0';

/** The value of a choice while nothing is chosen. */
export function unchosen(input: Extract<ActionInput, { type: 'choice' }>): string {
  return input.options.some(({ value }) => value === '') ? UNCHOSEN : '';
}

/** The contents of the fields of an action's questions: texts as typed, switches as they stand. */
export type Answers = Record<string, string | boolean>;

/**
 * How the fields stand when the questions are asked. A secret is never prefilled, nor remembered.
 * @param before the answers of an earlier run, to be asked again.
 */
export function firstAnswers(inputs: readonly ActionInput[], before: Readonly<InputValues> = {}): Answers {
  const answers: Answers = {};
  for (const input of inputs) {
    const previous = before[input.name];
    if (input.type === 'boolean') answers[input.name] = typeof previous === 'boolean' ? previous : input.default;
    else if (input.type === 'secret') answers[input.name] = '';
    else if (input.type === 'choice') {
      // Nobody's choice is made for them: without a default, none is chosen.
      const option = previous === undefined ? input.default : input.options.find(({ value }) => value === previous)?.value;
      answers[input.name] = option ?? unchosen(input);
    } else if (previous !== undefined) answers[input.name] = String(previous);
    else answers[input.name] = input.default === undefined ? '' : String(input.default);
  }
  return answers;
}

/** The answers, checked by the rules that the host checks them by. @returns the values, or what is wrong by field. */
export function checkAnswers(
  inputs: readonly ActionInput[],
  answers: Answers,
): { values: InputValues } | { wrong: Record<string, string> } {
  const values: InputValues = {};
  const wrong: Record<string, string> = {};
  for (const input of inputs) {
    try {
      Object.assign(values, resolveInputs([input], { [input.name]: answers[input.name] === UNCHOSEN ? null : answers[input.name] }));
    } catch (error) {
      if (!(error instanceof ToruError)) throw error;
      wrong[input.name] = error.message;
    }
  }
  return Object.keys(wrong).length > 0 ? { wrong } : { values };
}
