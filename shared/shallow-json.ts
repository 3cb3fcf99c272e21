import { z } from 'zod';

/** How deep JSON from strangers may be nested: whoever walks through it later does so by recursion. */
const MAX_DEPTH = 64;

/** Anything that JSON can say, as it comes out of JSON.parse: only how deep it is can be wrong with it. */
export const shallowJson = z.custom<z.core.util.JSONType>(
  (value) => value !== undefined && isShallow(value, MAX_DEPTH),
  `JSON nested at most ${MAX_DEPTH} deep is expected`,
);

/** Looks no deeper than `depth` lists and objects. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inside) => isShallow(inside, depth - 1));
}
