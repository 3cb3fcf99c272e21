import { availableParallelism, loadavg } from 'node:os';

/** `npm run test:faults` does everything at full size; as a part of `npm test` the same tests do less of it. */
export const FULL = process.env['TORU_FAULTS'] === 'full';

/**
 * What `npm run test:quick` runs: at least one test of each promise. The files of thorough-tests.ts stay out of it, and a file that
 * stays in leaves a part of its work to `npm test`. The processes of tests inherit the variable.
 */
export const QUICK = process.env['TORU_TESTS'] === 'quick';

const TAKE_A_VALUE = /^(?:--(?!no-)[a-zA-Z]+|-[a-zA-Z])$/;

/**
 * Whether a command line of Vitest names tests, by a path or by `-t`: these run wherever they belong, all of each.
 * @param args behind the program's name.
 */
export function namesTests(args: readonly string[]): boolean {
  if (args.some((arg) => /^(?:-t|--testNamePattern)(?:=|$)/.test(arg))) return true;
  const words = args.filter((arg, at) => !arg.startsWith('-') && !TAKE_A_VALUE.test(args[at - 1] ?? ''));
  return words.some((word) => !['run', 'watch', 'list'].includes(word));
}

/** How many, or how long: at full size, in short, or in the quick part where that is less again. */
export function scaled(full: number, short: number, quick = short): number {
  if (FULL) return full;
  return QUICK ? quick : short;
}

/** So many times longer things may take on a machine that has more to do than it can. */
const BUSIEST = 6;

/** How much longer this machine takes at the moment: 1 when it has a processor for each process that wants one. */
export function slowness(): number {
  const [lately = 0] = loadavg();
  return Math.min(BUSIEST, Math.max(1, (2 * lately) / availableParallelism()));
}
