/** What an emulator (xterm) keeps for itself, at a path of names; undefined where this version has no such thing. */
export function inside(value: unknown, ...path: string[]): unknown {
  let at = value;
  for (const name of path) {
    if ((typeof at !== 'object' && typeof at !== 'function') || at === null) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}

/** Calls what an emulator keeps for itself. @returns undefined where this version has no such method. */
export function call(value: unknown, name: string, ...args: unknown[]): unknown {
  const method = inside(value, name);
  return typeof method === 'function' ? Reflect.apply(method, value, args) : undefined;
}
