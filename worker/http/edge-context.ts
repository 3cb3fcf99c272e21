import type { Context } from 'hono';
import type { SessionRecord } from '../account/session-rows.ts';
import type { Env } from '../env.ts';
import type { Site } from './site.ts';

/** The values that a request carries through the edge. */
export interface EdgeEnv {
  Bindings: Env;
  Variables: {
    site: Site;
    /** The client's address: Cloudflare's word, or the front's. */
    address: string;
    /** Set by `requireSession`. */
    session: SessionRecord;
  };
}
export type EdgeContext = Context<EdgeEnv>;
