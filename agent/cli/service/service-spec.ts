import type { Account } from '../accounts.ts';

export type Scope = 'system' | 'user';

/** A service of Toru, as it shall be: what a unit of systemd and a plist of launchd are written from. */
export interface ServiceSpec {
  scope: Scope;
  /** Whom scripts run as. */
  account: Account;
  /** TORU_HOME, absolute. */
  home: string;
  /** Is the edge on this machine, or does the agent dial one elsewhere? */
  edge: 'embedded' | 'elsewhere';
  /** The command line: the Node, its flags, the program. */
  command: readonly [string, ...string[]];
  /** The environment file's lines, or the plist's variables: settings and secrets. */
  environment: ReadonlyMap<string, string>;
}

/** The service's name, in every service manager. */
export const NAME = 'toru';

/** By this the next install knows its own work, and what was written by hand is kept. */
export const WRITTEN_BY = 'Written by “toru service install”';
