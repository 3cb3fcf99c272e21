import type { ActionFields } from '../../shared/actions.ts';
import { ToruError } from '../../shared/errors.ts';
import { checkFixedVariables } from '../../shared/fixed-variables.ts';
import { checkDeclaration, type Fault } from '../../shared/input-declaration.ts';
import { hasPattern, resolveInputs } from '../../shared/input-values.ts';
import type { ActionInput } from '../../shared/inputs.ts';
import { MAX_ARG_BYTES } from '../../shared/limits.ts';

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
    ...checkDeclaration(fields.inputs, fields.stdin, fields.tty),
    ...(hasPattern(fields.inputs) ? checkWithin(withinBudget, fields.inputs) : checkDefaults(fields.inputs)),
    ...checkArgs(fields.args),
    ...checkFixedVariables(fields.env, fields.inputs).map((message) => ({ at: 'env', message })),
  ];
  const problems = wrong.map(({ message }) => message);
  const [first] = wrong;
  if (first !== undefined)
    throw new ToruError('action_invalid', problems.join(' '), { extra: { problems, field: first.at, faults: wrong } });
  try {
    await resolve(fields.script);
  } catch (error) {
    if (error instanceof ToruError && error.code === 'script_outside')
      throw new ToruError(error.code, error.message, { extra: { ...error.extra, field: 'script' }, cause: error });
    if (!(error instanceof ToruError)) throw error;
  }
}

/** A default that its own rules refuse would make every press fail. */
function checkDefaults(inputs: readonly ActionInput[]): Fault[] {
  return inputs.flatMap((input, index) => {
    // Nobody knows yet what its script will say.
    if (input.type === 'choice' && input.options_from !== undefined) return [];
    try {
      resolveInputs([{ ...input, required: false, show_if: undefined }], {});
      return [];
    } catch (error) {
      return error instanceof ToruError
        ? [{ at: `inputs.${index}.default`, message: `The default of an input is not allowed: ${error.message}` }]
        : [];
    }
  });
}

/** A pattern can take for ever on the default, too. */
function checkWithin(withinBudget: <T>(check: () => T) => T, inputs: readonly ActionInput[]): Fault[] {
  try {
    return withinBudget(() => checkDefaults(inputs));
  } catch (error) {
    if (!(error instanceof ToruError) || error.code !== 'input_invalid') throw error;
    const message = 'A pattern takes too long to check the default of its input. Choose a simpler pattern, or a shorter default.';
    return [{ at: `inputs.${inputs.findIndex((input) => input.type === 'text' && input.pattern !== undefined)}.pattern`, message }];
  }
}

function checkArgs(args: readonly string[]): Fault[] {
  return args.some((arg) => arg.includes('\0') || Buffer.byteLength(arg) > MAX_ARG_BYTES)
    ? [{ at: 'args', message: 'An argument holds a NUL character, or is longer than 128 KiB.' }]
    : [];
}
