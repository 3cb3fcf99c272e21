import { availableParallelism, loadavg } from 'node:os';

/** `npm run test:faults` does everything at full size; as a part of `npm test` the same tests do less of it. */
export const FULL = process.env['TORU_FAULTS'] === 'full';

/** How many, or how long: at full size, or in short. */
export function scaled(full: number, short: number): number {
  return FULL ? full : short;
}

/** So many times longer things may take on a machine that has more to do than it can. */
const BUSIEST = 6;

/** How much longer this machine takes at the moment: 1 when it has a processor for each process that wants one. */
export function slowness(): number {
  const [lately = 0] = loadavg();
  return Math.min(BUSIEST, Math.max(1, (2 * lately) / availableParallelism()));
}
