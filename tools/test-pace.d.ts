/** `npm run test:faults` does everything at full size; as a part of `npm test` the same tests do less of it. */
export declare const FULL: boolean;
/** How many, or how long: at full size, or in short. */
export declare function scaled(full: number, short: number): number;
/** How much longer this machine takes at the moment: 1 when it has a processor for each process that wants one. */
export declare function slowness(): number;
