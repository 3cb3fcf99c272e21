import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromPlugin } from '../../plugin-sdk/src/protocol.ts';
import type { PluginDetails, PluginLogLine, PluginSummary } from '../../shared/plugins.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import type { Caller } from '../users/caller.ts';
import { PluginAdmin } from './admin.ts';
import type { PluginTiming } from './launch/timing.ts';
import { Plugins } from './plugins.ts';
import type { PluginsOptions } from './plugins-options.ts';
import { Units } from './units.ts';

/** What the tests of plugins share: real `Plugins` over a real database and real processes, with short times. */

const FIXTURE = join(import.meta.dirname, '../../test/fixtures/plugins/plugin.mjs');

const QUICK: Partial<PluginTiming> = {
  connectMs: 60_000,
  readyMs: 60_000,
  pingMs: 60_000,
  graceMs: 2000,
  termMs: 500,
  backoffMs: [5, 5],
  metadataMs: 60_000,
  settleMs: 15_000,
  watchMs: 20,
};

export const ADMIN: Caller = {
  user_id: 'a',
  username: 'ada',
  role: 'admin',
  via: 'local',
  sid: null,
  address: null,
  auth_time: 0,
};
export const CLIENT: Caller = { ...ADMIN, user_id: 'c', username: 'cleo', role: 'client', via: 'edge' };

export interface PluginsHarness {
  home: string;
  db: Database;
  plugins: Plugins;
  admin: PluginAdmin;
  audit: { event: string; target: string | null | undefined }[];
  /** Messages that reached a service of ours. */
  heard: FromPlugin[];
  /** Makes the folder of a plugin that behaves so (test/fixtures/plugins/plugin.mjs). */
  add(id: string, behaviour: string, manifest?: Record<string, unknown>): string;
  /** Accepts it as it is, and enables it. */
  enable(id: string): Promise<PluginDetails>;
  details(id: string): PluginDetails;
  events(id: string): string[];
  log(id: string): Promise<PluginLogLine[]>;
  supervisorLog(): string;
  /** Waits for a plugin to be seen so. */
  when(id: string, holds: (plugin: PluginSummary) => boolean): Promise<PluginSummary>;
  /** Another `Plugins` over the same home, as after a restart of the agent. */
  restart(options?: Partial<PluginsOptions>): Promise<Plugins>;
  close(): Promise<void>;
  /** Only the folder, for who has closed the rest. */
  remove(): void;
}

export async function makePlugins(options: Partial<PluginsOptions> = {}): Promise<PluginsHarness> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'toru-plugins-'));
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const db = openDatabase(join(home, 'toru.db'));
  const audit: PluginsHarness['audit'] = [];
  const heard: FromPlugin[] = [];
  const make = (more: Partial<PluginsOptions>): { plugins: Plugins; admin: PluginAdmin } => {
    const all: PluginsOptions = {
      db,
      home,
      logs_dir: join(home, 'logs'),
      settings: { instance_id: '00000000-0000-4000-8000-00000000abcd' },
      kv: { usage: () => ({ keys: 0, bytes: 0, quota_bytes: 1 }), removeAll: () => undefined },
      audit: { record: ({ event, target }) => void audit.push({ event, target }) },
      log: { info: () => undefined, warn: () => undefined, error: (detail, message) => console.error(message, detail) },
      environment: { PATH: process.env['PATH'], ADMIN_PASSWORD: 'do not tell', TORU_HOME: home, LANG: 'C.UTF-8', WEATHER_KEY: 'declared' },
      ...options,
      ...more,
      timing: { ...QUICK, ...options.timing, ...more.timing },
    };
    const units = new Units(all);
    const plugins = new Plugins(all, units);
    plugins.serve({ type: 'http', receive: (_peer, message) => void heard.push(message) });
    return { plugins, admin: new PluginAdmin(all, units) };
  };
  const harness: PluginsHarness = {
    home,
    db,
    ...make({}),
    audit,
    heard,
    add(id, behaviour, manifest = {}) {
      const folder = join(home, 'plugins', id);
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      copyFileSync(FIXTURE, join(folder, 'plugin.mjs'));
      chmodSync(join(folder, 'plugin.mjs'), 0o644);
      const run = ['node', 'plugin.mjs', behaviour];
      writeFileSync(join(folder, 'plugin.json'), JSON.stringify({ ...manifestOf(id), run, ...manifest }), { mode: 0o644 });
      return folder;
    },
    async enable(id) {
      await harness.plugins.rescan();
      const { sha256 } = harness.details(id);
      return harness.admin.enable(ADMIN, id, { ...(sha256 === null ? {} : { sha256 }) });
    },
    details(id) {
      const seen = harness.plugins.view(ADMIN, id);
      if (!('manifest' in seen)) throw new Error('an admin sees the details');
      return seen;
    },
    events: (id) =>
      harness
        .details(id)
        .events.map(({ event }) => event)
        .reverse(),
    log: (id) => harness.plugins.readLog(ADMIN, id, { limit: 100_000 }),
    supervisorLog: () => readFileSync(join(home, 'logs', 'plugin-supervisor.log'), 'utf8'),
    when(id, holds) {
      return new Promise((resolve) => {
        const look = (): void => {
          const plugin = harness.details(id);
          if (!holds(plugin)) return;
          stop();
          resolve(plugin);
        };
        const stop = harness.plugins.onChange((plugin) => void (plugin.id === id && look()));
        look();
      });
    },
    async restart(more = {}) {
      Object.assign(harness, make(more));
      await harness.plugins.start();
      return harness.plugins;
    },
    async close() {
      await harness.plugins.close();
      db.close();
      harness.remove();
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
  await harness.plugins.start();
  return harness;
}

export function manifestOf(id: string): Record<string, unknown> {
  return { id, name: id, version: '1.0.0', protocol: { min: 1, max: 1 } };
}
