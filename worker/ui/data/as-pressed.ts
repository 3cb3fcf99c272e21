import type { AnyAction } from '../guards.ts';

/** An action as somebody presses it: without the secrets that the host keeps, for which nobody is asked. */
export function asPressed<A extends AnyAction>(action: A): A {
  const inputs = action.inputs.filter((input) => input.type !== 'secret' || input.stored === undefined);
  return inputs.length === action.inputs.length ? action : { ...action, inputs };
}
