/**
 * Waits until `condition` holds. A generous limit: it tells a failure from a wait, it measures nothing.
 * @param what is in the error: a sentence that should have come true.
 */
export declare function until(condition: () => boolean | Promise<boolean>, what: string | (() => string), limitMs?: number): Promise<void>;
