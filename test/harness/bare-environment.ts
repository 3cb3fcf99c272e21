/**
 * What a program of Toru is given by the tests that start it: nothing of the developer's own, for a TORU_… or ADMIN_… there would change
 * the test; and the folder in which Node keeps what it compiled (tools/test-compile-cache.ts), where tests run.
 */
export function bareEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) };
}
