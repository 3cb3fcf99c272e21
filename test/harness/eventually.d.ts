/**
 * Looks until it sees what it waits for, and gives what it saw.
 * @param what that should have come true, in words. @param look what is seen at the moment; null, false and the like go on waiting.
 * @param limit ms on a machine with nothing else to do: it tells a failure from a wait, it measures nothing. `holds` says when
 * what is seen is right.
 * @throws Error with the last thing seen.
 */
export declare function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limit?:
    | number
    | {
        holds?: (seen: T) => boolean;
        limitMs?: number;
      },
): Promise<T>;
