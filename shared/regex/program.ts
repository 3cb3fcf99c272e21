import { ToruError, unreachable } from '../errors.ts';
import type { CharSet, Node, Place } from './parse.ts';

/** A step of a pattern: a character and where to go on, a fork, a place, or the end of a match. */
export type Step =
  | { is: 'chars'; set: CharSet; next: number }
  | { is: 'fork'; next: number; other: number }
  | { is: 'at'; place: Place; next: number }
  | { is: 'match' };

/** Repetitions are written out: a pattern with more steps is refused. */
const MOST_STEPS = 500;

/** The steps of a pattern, of which the last is the first to be taken. @throws ToruError bad_request when there are too many. */
export function compile(node: Node): readonly Step[] {
  const steps: Step[] = [{ is: 'match' }];
  const add = (step: Step): number => {
    if (steps.length >= MOST_STEPS)
      throw new ToruError('bad_request', 'That pattern is too large to be searched for: repeat less in it.', { extra: { field: 'q' } });
    return steps.push(step) - 1;
  };
  /** @returns the first step of a node, which goes on at `next`. */
  const emit = (of: Node, next: number): number => {
    switch (of.is) {
      case 'chars':
        return add({ is: 'chars', set: of.set, next });
      case 'at':
        return add({ is: 'at', place: of.place, next });
      case 'all':
        return of.of.reduceRight((then, part) => emit(part, then), next);
      case 'any':
        return of.of.map((part) => emit(part, next)).reduceRight((other, first) => add({ is: 'fork', next: first, other }));
      case 'repeat':
        return repeat(of, next);
      default:
        return unreachable(of);
    }
  };
  const repeat = ({ of, min, max }: Extract<Node, { is: 'repeat' }>, next: number): number => {
    let then = next;
    if (max === Number.POSITIVE_INFINITY) {
      const fork: Step = { is: 'fork', next: -1, other: next };
      const loop = add(fork);
      fork.next = emit(of, loop);
      then = loop;
    } else {
      for (let n = min; n < max; n += 1) then = add({ is: 'fork', next: emit(of, then), other: next });
    }
    for (let n = 0; n < min; n += 1) then = emit(of, then);
    return then;
  };
  const first = emit(node, 0);
  add({ is: 'fork', next: first, other: first });
  return steps;
}
