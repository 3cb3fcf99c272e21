import { userInfo } from 'node:os';
import { ToruError } from '../../shared/errors.ts';
import type { Role } from '../../shared/users.ts';

/**
 * The asker, as the agent itself established it: from a verified grant and its own tables, or from the 0600 socket.
 * It enters the API as Hono's `env`, never as a header.
 */
export interface Caller {
  /** A user's UUID, `local:<uid>` at the local socket, `plugin:<id>`, or `terminal:<id>`. */
  user_id: string;
  username: string;
  role: Role;
  /**
   * `service`: a program of this host that showed the service token. `terminal`: a program inside a terminal, which may do what
   * `inTerminal` permits, and nothing else.
   */
  via: 'edge' | 'local' | 'service' | 'plugin' | 'terminal';
  /** The session, when there is one. */
  sid: string | null;
  /** The asker's address as the edge saw it. */
  address: string | null;
  /** When the password was last typed, in ms since 1970. The local socket counts as now. */
  auth_time: number;
}

/**
 * The user that this process runs as. The local socket's mode, and that of the files in TORU_HOME, let nobody else in, so this is who it is.
 * Typing a password would prove nothing more: it counts as typed now.
 */
export function ownerOfProcess(): Caller {
  const { uid, username } = userInfo();
  return {
    user_id: `local:${uid}`,
    username: `local:${username}`,
    role: 'admin',
    via: 'local',
    sid: null,
    address: null,
    auth_time: Date.now(),
  };
}

/** A program that showed the service token: an admin who has typed no password. */
export function serviceCaller(): Caller {
  return {
    user_id: 'local:service',
    username: 'local:service',
    role: 'admin',
    via: 'service',
    sid: null,
    address: null,
    auth_time: 0,
  };
}

/** A program that showed the token of its terminal. */
export function programIn(id: string, name: string): Caller {
  return {
    user_id: `terminal:${id}`,
    username: `terminal:${name}`,
    role: 'client',
    via: 'terminal',
    sid: null,
    address: null,
    auth_time: 0,
  };
}

/** The terminal of a program inside it. @throws ToruError forbidden for everybody else. */
export function terminalOf({ via, user_id }: Pick<Caller, 'via' | 'user_id'>): string {
  if (via !== 'terminal') throw new ToruError('forbidden', 'Only a program inside a terminal may do this.');
  return user_id.slice('terminal:'.length);
}

/** The plugin of `plugin:<id>`; null for everybody else. */
export function pluginOf(user_id: string): string | null {
  return user_id.startsWith('plugin:') ? user_id.slice('plugin:'.length) : null;
}

/** Is this the host's own: its owner at the local socket, or a plugin that the owner accepted? No row of users stands for them. */
export function isHostsOwn(user_id: string): boolean {
  return user_id.startsWith('local:') || user_id.startsWith('plugin:');
}
