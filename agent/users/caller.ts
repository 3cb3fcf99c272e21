import type { Role } from '../../shared/model.ts';

/**
 * Who asks, as the agent itself established it: from a verified grant and its own tables, or from the 0600 socket.
 * It enters the API as Hono's `env`, never as a header.
 */
export interface Caller {
  /** A user's UUID, or `local:<uid>` at the local socket. */
  user_id: string;
  username: string;
  role: Role;
  via: 'edge' | 'local';
  /** The session, when there is one. */
  sid: string | null;
  /** The asker's address as the edge saw it. */
  address: string | null;
  /** When the password was last typed, in ms since 1970. The local socket counts as now. */
  auth_time: number;
}
