import type { Config } from '../../config.ts';
import type { EdgeLocation } from '../../config-edge.ts';
import type { Membership } from '../../hosts/membership.ts';
import type { OpenedHome } from '../opened-home.ts';
import type { Invite } from './ask-to-pair.ts';

/** What was typed. */
export interface Wanted {
  edge: EdgeLocation;
  /** How this host is to be called; null: as it calls itself. */
  name: string | null;
  /** By which it pairs without anybody looking on. */
  invite: Invite | null;
  /** With which it claims a fresh edge; null: it is asked for. */
  setupCode: string | null;
  /** It takes the place of a home host that was lost; `code` is asked for where it is null. Null: it does not. */
  recovery: { code: string | null } | null;
  /** The question whether to give up what is there is answered. */
  yes: boolean;
}

/** How it ended: `running` where an agent already serves this home, and nothing is to be started. */
export type Outcome = 'paired' | 'member' | 'running' | 'stopped';

/** A host that is about to be paired. */
export interface Candidate extends OpenedHome {
  config: Config;
  id: string;
  membership: Membership;
}
