import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { InputOf } from '../../../../shared/input-values.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import type { ScriptOption } from '../../../../shared/options.ts';
import { agent, read, sentence } from '../../api.ts';
import { listOf, optional, shape, text } from '../../guards.ts';
import type { Answers } from './input-answers.ts';

const isOptions = listOf(shape<ScriptOption>({ value: text, label: optional(text) }));
/** Of what the options depend on, somebody may still be typing. */
const PAUSE_MS = 400;

/** The options of one choice, as far as they are known. */
interface Known {
  /** The answers that they are for. */
  of: string;
  options: readonly ScriptOption[] | null;
  problem: string | null;
}

/** What a choice says while a script gives its options. */
export interface OptionsState {
  reading: boolean;
  problem: string | null;
  again: () => void;
}

/**
 * Reads what scripts say may be chosen, again when an answer changes that it depends on.
 * @returns the inputs with the options that are known, and how it stands with those that are not.
 */
export function useScriptOptions(
  action: string,
  inputs: readonly ActionInput[],
  answers: Answers,
): { inputs: ActionInput[]; stateOf: (name: string) => OptionsState | null } {
  const known = useSignal<Readonly<Record<string, Known>>>({});
  const requested = useRef<Record<string, string>>({});

  async function load(input: InputOf<'choice'>, of: string): Promise<void> {
    requested.current[input.name] = of;
    const given = Object.fromEntries((input.options_from?.uses ?? []).map((name) => [name, answers[name]]));
    let found: Known;
    try {
      const { items } = await read(
        isOptions,
        agent.actions[':id'].options.$post({ param: { id: action }, json: { input: input.name, inputs: given } }),
      );
      found = { of, options: items, problem: null };
    } catch (error) {
      found = { of, options: null, problem: sentence(error) };
    }
    // Another answer came meanwhile: its options are on their way.
    if (requested.current[input.name] === of) known.value = { ...known.peek(), [input.name]: found };
  }

  const scripted = inputs.filter(isScripted);
  const keys = scripted.map((input) => keyOf(input, answers));
  useEffect(() => {
    const late = scripted.filter((input) => requested.current[input.name] !== keyOf(input, answers));
    const [first] = late;
    if (first === undefined) return undefined;
    const timer = setTimeout(
      () => late.forEach((input) => void load(input, keyOf(input, answers))),
      requested.current[first.name] === undefined ? 0 : PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [keys.join('\n')]);

  return {
    inputs: inputs.map((input) =>
      isScripted(input) ? { ...input, options: [...(current(known.value, input, answers)?.options ?? [])] } : input,
    ),
    stateOf: (name) => {
      const input = scripted.find((one) => one.name === name);
      if (input === undefined) return null;
      const now = current(known.value, input, answers);
      return {
        reading: now === null,
        problem: now?.problem ?? null,
        again: () => {
          const { [name]: _before, ...rest } = known.peek();
          known.value = rest;
          void load(input, keyOf(input, answers));
        },
      };
    },
  };
}

function current(known: Readonly<Record<string, Known>>, input: InputOf<'choice'>, answers: Answers): Known | null {
  const found = known[input.name];
  return found?.of === keyOf(input, answers) ? found : null;
}

function isScripted(input: ActionInput): input is InputOf<'choice'> {
  return input.type === 'choice' && input.options_from !== undefined;
}

function keyOf({ options_from }: InputOf<'choice'>, answers: Answers): string {
  return JSON.stringify((options_from?.uses ?? []).map((name) => answers[name] ?? null));
}
