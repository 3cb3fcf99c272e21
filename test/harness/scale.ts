/** `npm run test:faults` does everything at full size; as a part of `npm test` the same tests do less of it. */
export const FULL = process.env['TORU_FAULTS'] === 'full';

/** How many, or how long: at full size, or in short. */
export function scaled(full: number, short: number): number {
  return FULL ? full : short;
}
