import { VERSION } from '../shared/version.ts';
import { Actions } from './actions/actions.ts';
import { Audit } from './audit/audit.ts';
import { loadIdentity } from './link/identity.ts';
import { openPlugins } from './plugins/open.ts';
import type { RunsOptions } from './runs/runs.ts';
import { Runs } from './runs/runs.ts';
import { Scripts } from './scripts/scripts.ts';
import { Search } from './search/search.ts';
import { Settings } from './settings/settings.ts';
import type { Database } from './store/database.ts';
import type { SystemOptions } from './system/system.ts';
import { System } from './system/system.ts';
import { Grants } from './users/grants.ts';
import { HostKey } from './users/host-key.ts';
import { LoginLinks } from './users/login-links.ts';
import { Passwords } from './users/passwords.ts';
import { Users } from './users/users.ts';

interface ServicesOptions {
  db: Database;
  /** TORU_HOME. */
  home: string;
  /** As the configuration decides it; null: as the settings do. */
  scripts_dir: string | null;
  logs_dir: string;
  /** Where people open the page; null when nobody said. */
  page_origin: string | null;
  log: RunsOptions['log'];
  /** How the host stands with its edge; null without a link. */
  edge: NonNullable<SystemOptions['edge']>;
  /** Hears `<host id>:<public key>` when the host has a new key. */
  rotated: (binding: string) => void;
  limits?: NonNullable<RunsOptions['limits']>;
}

/** Everything that the agent can do, each service made of those before it. Nothing runs yet. */
export function createServices({ db, home, scripts_dir, logs_dir, page_origin, log, edge, rotated, limits = {} }: ServicesOptions) {
  const identity = loadIdentity(home);
  const audit = new Audit(db, log);
  const settings = new Settings(db, audit, { home, scripts_dir, version: VERSION });
  const grants = new Grants(db, identity, settings);
  const passwords = new Passwords();
  const users = new Users(db, passwords, grants, audit);
  const loginLinks = new LoginLinks({ host: settings.instance_id, identity, users, audit, origin: page_origin });
  const hostKey = new HostKey({ identity, settings, grants, audit, rotated });
  const scripts = new Scripts(settings);
  const actions = new Actions({ database: db, scripts, audit });
  const mayStart = (plugin: string, action: string): boolean => plugins.mayStart(plugin, action);
  const runs = new Runs({ db, home, settings, scripts, actions, users, plugins: { mayStart }, audit, log, limits });
  const search = new Search(db, runs);
  const system = new System({ settings, version: VERSION, edge });
  const opened = openPlugins({ db, home, logs_dir, settings, runs, audit, log });
  const { plugins } = opened;
  return {
    identity,
    audit,
    settings,
    grants,
    passwords,
    users,
    loginLinks,
    hostKey,
    scripts,
    actions,
    runs,
    search,
    system,
    ...opened,
    log,
  };
}

export type Services = ReturnType<typeof createServices>;
