/** What a wrapper is told to run. */
export interface Order {
  taskId: string;
  /** The script's working directory. */
  directory: string;
  /** Absolute. */
  script: string;
  args: readonly string[];
}

/** The wrapper reads a byte at a time, some 5,000 a millisecond; whatever is longer goes into a new wrapper's argv. */
const MAX_BYTES = 4096;
const MAX_WORDS = 64;

/**
 * Variables that some shell reads, changes or refuses to have set; a new wrapper gets them in its environment. All others
 * are passed on as they are by `export NAME=value`.
 */
const SHELLS_OWN =
  /^(_|IFS|PATH|CDPATH|HOME|PWD|OLDPWD|ENV|PPID|E?UID|GROUPS|S?RANDOM|SECONDS|LINENO|DIRSTACK|PIPESTATUS|SHELL|SHLVL|SHELLOPTS|PS\d|POSIXLY_CORRECT|GLOBIGNORE|FUNC.*|TMOUT|LANG|LANGUAGE|TZ|TERM|LC_.*|BASH.*|COMP_.*|EPOCH.*|HIST.*|MAIL.*|OPT.*|LD_.*|ATTY)$/;

/** The words of an order, as the wrapper takes them. @param variables `NAME=value`. */
export function wordsOf({ taskId, directory, script, args }: Order, variables: readonly string[] = []): string[] {
  return [taskId, directory, String(variables.length), ...variables, script, ...args];
}

/**
 * The lines that tell a waiting wrapper what to run.
 * @param environment the script's. @param has the wrapper's own.
 * @returns null when they can't: a word holds a line break, it is too long, or it needs another environment than the wrapper's
 * with some variables more.
 */
export function linesOf(order: Order, environment: Readonly<Record<string, string>>, has: Readonly<Record<string, string>>): string | null {
  for (const name of Object.keys(has)) if (environment[name] === undefined) return null;
  const more = Object.entries(environment).filter(([name, value]) => has[name] !== value);
  if (!more.every(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !SHELLS_OWN.test(name))) return null;
  const words = wordsOf(
    order,
    more.map(([name, value]) => `${name}=${value}`),
  );
  // A NUL was refused with the request; here it would vanish.
  if (words.length > MAX_WORDS || words.some((word) => /[\n\0]/.test(word))) return null;
  const lines = `${words.length}\n${words.join('\n')}\n`;
  return Buffer.byteLength(lines) > MAX_BYTES ? null : lines;
}
