import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role, Run } from '../../shared/model.ts';
import { isFinal } from '../../shared/model.ts';
import { Actions } from '../actions/actions.ts';
import { Audit } from '../audit/audit.ts';
import { loadIdentity } from '../link/identity.ts';
import { openPlugins } from '../plugins/open.ts';
import { Runs } from '../runs/runs.ts';
import { Scripts } from '../scripts/scripts.ts';
import { Search } from '../search/search.ts';
import { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../store/database.ts';
import { System } from '../system/system.ts';
import type { Caller } from '../users/caller.ts';
import { Grants } from '../users/grants.ts';
import { HostKey } from '../users/host-key.ts';
import { LoginLinks } from '../users/login-links.ts';
import { Passwords } from '../users/passwords.ts';
import { Users } from '../users/users.ts';
import { createApi } from './app.ts';

/** The whole API over real rooms: a database, scripts and processes in a temporary TORU_HOME. Only the doors are missing. */
export interface ApiHarness {
  home: string;
  db: Database;
  scriptsDir: string;
  app: ReturnType<typeof createApi>;
  actions: Actions;
  settings: Settings;
  users: Users;
  runs: Runs;
  /** What the agent's log was told. */
  logged: Record<string, unknown>[];
  admin: Caller;
  script(name: string, text: string, mode?: number): string;
  /** A user who exists, as the caller that they are when they have just logged in. */
  caller(username: string, role: Role): Promise<Caller>;
  ask(caller: Caller, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Starts a run, and waits for its end. */
  finished(caller: Caller, body: unknown): Promise<Run>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON, null when it is none. */
  json: unknown;
}

export async function makeApi(): Promise<ApiHarness> {
  const home = mkdtempSync(join(tmpdir(), 'toru-api-'));
  const logged: Record<string, unknown>[] = [];
  const take = (detail: object, message: string): void => void logged.push({ ...detail, message });
  const log = { info: () => undefined, warn: take, error: take };
  const db = openDatabase(join(home, 'toru.db'));
  const audit = new Audit(db, log);
  const settings = new Settings(db, audit, { home, scripts_dir: null, version: '9.9.9' });
  const identity = loadIdentity(home);
  const grants = new Grants(db, identity, settings);
  const users = new Users(db, new Passwords(), grants, audit);
  const loginLinks = new LoginLinks({ host: settings.instance_id, identity, users, audit, origin: null });
  const hostKey = new HostKey({ identity, settings, grants, audit });
  const scripts = new Scripts(settings);
  const actions = new Actions({ database: db, scripts, audit });
  const mayStart = (plugin: string, action: string): boolean => plugins.mayStart(plugin, action);
  const runs = new Runs({ db, home, settings, scripts, actions, users, plugins: { mayStart }, audit, log, limits: { graceMs: 300 } });
  await runs.recover();
  const search = new Search(db, runs);
  const system = new System({ settings, version: '9.9.9' });
  const opened = openPlugins({ db, home, logs_dir: join(home, 'logs'), settings, runs, audit, log });
  const { plugins, pluginHttp, pluginKv } = opened;
  const app = createApi({
    scripts,
    actions,
    runs,
    search,
    system,
    settings,
    users,
    loginLinks,
    hostKey,
    audit,
    plugins,
    pluginHttp,
    pluginKv,
    log,
  });
  mkdirSync(settings.scripts_dir, { recursive: true });

  const caller = async (username: string, role: Role): Promise<Caller> => {
    const user = await users.insert({ username, password: `${username}-password`, role });
    return { user_id: user.id, username, role, via: 'edge', sid: 'a'.repeat(64), address: '203.0.113.7', auth_time: Date.now() };
  };
  const ask: ApiHarness['ask'] = async (who, method, path, body, headers = {}) => {
    const init =
      body === undefined ? { headers } : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
    const response = await app.fetch(new Request(`http://host${path}`, { method, ...init }), { caller: who });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  };
  const admin = await caller('admin', 'admin');
  return {
    home,
    db,
    scriptsDir: settings.scripts_dir,
    app,
    actions,
    settings,
    users,
    runs,
    logged,
    admin,
    script: (name, text, mode = 0o755) => {
      const path = join(settings.scripts_dir, name);
      writeFileSync(path, text);
      chmodSync(path, mode);
      return path;
    },
    caller,
    ask,
    finished: async (who, body) => {
      const { task_id } = await runs.start(who, { source: 'api', ...Object(body) });
      for (;;) {
        const run = runs.get(who, task_id);
        if (isFinal(run.state)) return run;
        await sleep(10);
      }
    },
    close: async () => {
      system.close();
      await opened.close();
      await runs.close();
      db.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
