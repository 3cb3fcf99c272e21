import { Hono } from 'hono';
import type { Caller } from '../users/caller.ts';

/** Who asks comes from the transport, as `env`; nothing in a request can say it. */
export interface ApiEnv {
  Bindings: {
    caller: Caller;
    /** Does a piece of work when it is the caller's turn, where they share this process's time with others. */
    turn?: <T>(work: () => T) => Promise<T>;
  };
}

/** A router of the API: one per resource. */
export function router(): Hono<ApiEnv> {
  return new Hono<ApiEnv>();
}
