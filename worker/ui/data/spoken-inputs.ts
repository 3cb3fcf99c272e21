import type { Run } from '../../../shared/runs.ts';
import type { AnyAction } from '../guards.ts';
import { t } from '../translate.ts';

/**
 * What a run was given, in the words of the form: the question, and the text of the option that was chosen. An input that the action
 * no longer has keeps its name and value.
 */
export function spokenInputs(
  run: Pick<Run, 'inputs'>,
  action: Pick<AnyAction, 'inputs'> | undefined,
): { question: string; answer: string }[] {
  return Object.entries(run.inputs).map(([name, value]) => {
    const input = action?.inputs.find((one) => one.name === name);
    const labelOf = (chosen: string): string =>
      (input?.type === 'choice' ? input.options.find((one) => one.value === chosen)?.label : undefined) ?? chosen;
    const answer =
      typeof value === 'boolean' ? t(value ? 'yes' : 'no') : Array.isArray(value) ? value.map(labelOf).join(', ') : labelOf(String(value));
    return { question: input?.label ?? name, answer };
  });
}
