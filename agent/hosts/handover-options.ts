import type { Identity } from '../link/identity.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import type { HostFacts } from './facts.ts';
import type { HomeMoves } from './home-moves.ts';
import type { Members } from './members.ts';
import type { Membership } from './membership.ts';

/** What both sides of a handover change in their one step. */
export interface HandoverOptions {
  db: Database;
  facts: HostFacts;
  membership: Membership;
  identity: Identity;
  settings: Settings;
  members: Members;
  moves: HomeMoves;
}
