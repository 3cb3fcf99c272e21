import { ToruError } from '../../shared/errors.ts';
import { checkFixedVariables } from '../../shared/fixed-variables.ts';
import { checkDeclaration, hasPattern, resolveInputs } from '../../shared/input-values.ts';
import type { ActionInput } from '../../shared/inputs.ts';
import { MAX_ARG_BYTES } from '../../shared/limits.ts';
import type { ActionFields } from '../../shared/model.ts';

/**
 * Whether an action may be saved: its declaration is sound, and its script's name stays below scripts_dir. That the
 * script exists and may be run is not asked: a person may make the button first, and sees the problem on it.
 * @param withinBudget runs a check that has patterns in it.
 * @throws ToruError action_invalid, with every fault in a sentence, script_outside, or what `withinBudget` throws.
 */
export async function checkAction(
  fields: ActionFields,
  resolve: (script: string) => Promise<string>,
  withinBudget: <T>(check: () => T) => T,
): Promise<void> {
  const wrong = [
    ...checkDeclaration(fields.inputs, fields.stdin),
    ...(hasPattern(fields.inputs) ? checkWithin(withinBudget, fields.inputs) : checkDefaults(fields.inputs)),
    ...checkArgs(fields.args),
    ...checkFixedVariables(fields.env, fields.inputs),
  ];
  if (wrong.length > 0) throw new ToruError('action_invalid', wrong.join(' '), { extra: { problems: wrong } });
  try {
    await resolve(fields.script);
  } catch (error) {
    if (!(error instanceof ToruError) || error.code === 'script_outside') throw error;
  }
}

/** A default that its own rules refuse would make every press fail. */
function checkDefaults(inputs: readonly ActionInput[]): string[] {
  return inputs.flatMap((input) => {
    try {
      resolveInputs([{ ...input, required: false }], {});
      return [];
    } catch (error) {
      return error instanceof ToruError ? [`The default of an input is not allowed: ${error.message}`] : [];
    }
  });
}

/** A pattern can take for ever on the default, too. */
function checkWithin(withinBudget: <T>(check: () => T) => T, inputs: readonly ActionInput[]): string[] {
  try {
    return withinBudget(() => checkDefaults(inputs));
  } catch (error) {
    if (!(error instanceof ToruError) || error.code !== 'input_invalid') throw error;
    return ['A pattern takes too long to check the default of its input. Choose a simpler pattern, or a shorter default.'];
  }
}

function checkArgs(args: readonly string[]): string[] {
  return args.some((arg) => arg.includes('\0') || Buffer.byteLength(arg) > MAX_ARG_BYTES)
    ? ['An argument holds a NUL character, or is longer than 128 KiB.']
    : [];
}
