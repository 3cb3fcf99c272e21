/**
 * The inputs of a request, with every number that `JSON.parse` would change as the string of its own digits: 1.50 and
 * 12345678901234567890 reach the script as they were written. Other numbers stay numbers.
 * @param text the JSON that `inputs` was read from. @param path where they stand in it.
 */
export function digitsAsWritten<T>(
  text: string,
  inputs: Readonly<Record<string, T>>,
  path: readonly string[] = ['inputs'],
): Record<string, T | string> {
  // The page and the command line send strings: only who sends numbers pays for the second look.
  if (!Object.values(inputs).some((value) => typeof value === 'number')) return inputs;
  let again: unknown = JSON.parse(text, written);
  for (const key of path) again = typeof again === 'object' && again !== null ? new Map(Object.entries(again)).get(key) : null;
  const digits = new Map(Object.entries(again ?? {}).flatMap(([name, value]) => (value instanceof Written ? [[name, value.digits]] : [])));
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, digits.get(name) ?? value]));
}

/** The same, of a whole request. */
export function withWrittenDigits<T extends object>(request: T & { inputs?: Record<string, unknown> | undefined }, text: string): T {
  return request.inputs === undefined ? request : { ...request, inputs: digitsAsWritten(text, request.inputs) };
}

class Written {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

/** The third parameter of a reviver (ECMAScript's “JSON.parse source text access”) is not in TypeScript's library yet. */
function written(...[, value, context]: unknown[]): unknown {
  if (typeof value !== 'number' || typeof context !== 'object' || context === null || !('source' in context)) return value;
  return typeof context.source === 'string' && context.source !== String(value) ? new Written(context.source) : value;
}
