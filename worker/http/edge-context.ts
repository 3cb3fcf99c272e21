import type { Context } from 'hono';
import type { HostRecord } from '../account/known-hosts.ts';
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
    /** All hosts, the home host first. Set by `requireSession`. */
    hosts: HostRecord[];
  };
}
export type EdgeContext = Context<EdgeEnv>;
