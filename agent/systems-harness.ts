import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../shared/run-state.ts';
import type { Run } from '../shared/runs.ts';
import type { Role } from '../shared/users.ts';
import type { Actions } from './actions/actions.ts';
import type { ContainerSettings } from './config-containers.ts';
import { NO_CONTAINER_SETTINGS } from './config-containers.ts';
import { readTexts } from './notify/texts.ts';
import type { Runs } from './runs/runs.ts';
import type { Settings } from './settings/settings.ts';
import type { Database } from './store/database.ts';
import { packageRoot } from './system/package-root.ts';
import type { Services } from './systems.ts';
import { createApi, createServices } from './systems.ts';
import { openDatabase } from './tables.ts';
import type { Caller } from './users/caller.ts';
import type { Users } from './users/users.ts';

/** The whole API over real services: a database, scripts and processes in a temporary TORU_HOME. Only the transports are missing. */
export interface ApiHarness {
  home: string;
  db: Database;
  scriptsDir: string;
  app: ReturnType<typeof createApi>;
  actions: Actions;
  settings: Settings;
  users: Users;
  runs: Runs;
  services: Services;
  /** The entries of the agent's log. */
  logged: Record<string, unknown>[];
  admin: Caller;
  script(name: string, text: string, mode?: number): string;
  /** A user who exists, as the caller that they are when they have just logged in. */
  caller(username: string, role: Role): Promise<Caller>;
  ask(caller: Caller, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Starts a run, and waits for its end. */
  finished(caller: Caller, body: unknown): Promise<Run>;
  /** @param keep leaves the home, for another agent. */
  close(keep?: boolean): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON, null when it is none. */
  json: unknown;
}

interface HarnessOptions {
  /** Of an agent before, which is closed: it is taken up where it was. */
  home?: string;
  /** An origin that counts as a push service. */
  testPushOrigin?: string;
  /** Is the link up? */
  linked?: () => boolean;
  containers?: Partial<ContainerSettings>;
}

export async function makeApi(options: HarnessOptions = {}): Promise<ApiHarness> {
  const home = options.home ?? (await preparedHome());
  const logged: Record<string, unknown>[] = [];
  const take = (detail: object, message: string): void => void logged.push({ ...detail, message });
  const log = { info: () => undefined, warn: take, error: take };
  const db = openDatabase(join(home, 'toru.db'));
  if (options.home === undefined)
    db.prepare('UPDATE users SET id = ?, created_at = ?, updated_at = ?').run(randomUUID(), Date.now(), Date.now());
  const services = createServices({
    db,
    home,
    scripts_dir: null,
    logs_dir: join(home, 'logs'),
    page_origin: null,
    log,
    test_push_origin: options.testPushOrigin ?? null,
    texts: (language) => readTexts(language, join(packageRoot(), 'worker/ui/languages')),
    edge: () => ({ origin: 'https://edge.test', linked: options.linked?.() === true, problem: null, key: null, duplicate: null }),
    rotated: () => undefined,
    limits: { graceMs: 300 },
    containers: { ...NO_CONTAINER_SETTINGS, ...options.containers },
  });
  const { settings, users, actions, runs, notify, system } = services;
  await runs.recover();
  notify.start();
  await services.workflows.start();
  await services.terminals.start();
  services.orchestrators.start();
  const app = createApi(services);
  mkdirSync(settings.scripts_dir, { recursive: true });

  const caller = async (username: string, role: Role): Promise<Caller> => {
    const user = users.byName(username) ?? (await users.insert({ username, password: `${username}-password`, role }));
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
    services,
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
    close: async (keep = false) => {
      system.close();
      notify.stop();
      services.hosts.close();
      services.workflows.close();
      if (!keep) for (const { id } of services.terminals.store.open()) await services.terminals.remove(admin, id);
      services.orchestrators.close();
      services.screens.close();
      services.terminals.close();
      await services.closePlugins();
      await runs.close();
      db.close();
      if (!keep) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The database of a host with its tables and an admin, and nothing else. */
let prepared: Promise<Buffer> | null = null;

/**
 * A new home, with a copy of a database that is made once for all tests of this process: the steps of all tables and the hash of a
 * password take three quarters of what making the services takes. Host, admin and keys are new ones.
 */
async function preparedHome(): Promise<string> {
  prepared ??= prepare();
  const home = mkdtempSync(join(tmpdir(), 'toru-api-'));
  writeFileSync(join(home, 'toru.db'), await prepared, { mode: 0o600 });
  return home;
}

async function prepare(): Promise<Buffer> {
  const first = await makeApi({ home: mkdtempSync(join(tmpdir(), 'toru-api-')) });
  first.db.exec('DELETE FROM settings; DELETE FROM notify_key;');
  const bytes = first.db.serialize();
  await first.close();
  return bytes;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
