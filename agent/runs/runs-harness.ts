import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actionFields } from '../../shared/actions.ts';
import { ToruError } from '../../shared/errors.ts';
import { isFinal } from '../../shared/run-state.ts';
import type { Run } from '../../shared/runs.ts';
import type { Role, User } from '../../shared/users.ts';
import type { ActionRow } from '../actions/action-row.ts';
import { RegexBudget } from '../actions/regex-budget.ts';
import { Remembered } from '../actions/remembered.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import { UNTIL_MS } from '../until.ts';
import { Uploads } from '../uploads/uploads.ts';
import type { Caller } from '../users/caller.ts';
import type { RunsOptions } from './runs.ts';
import { Runs } from './runs.ts';

/** What the tests of runs share: a real `Runs` over a real database and real scripts, with small rooms around it. */

export const FIXTURES = join(import.meta.dirname, '../../test/fixtures/scripts');

/** The tests of runs go over both: see the project `shell` in vitest.config.ts. */
const RUNNER = process.env['TORU_TEST_RUNNER'] === 'shell' || process.platform !== 'linux' ? 'shell' : 'native';

/** How many, or which: over the shell's wrapper, seven processes a run, fewer but at full size (tools/test-pace.ts). */
export function overBoth<T>(native: T, shell: T): T {
  return RUNNER === 'native' || process.env['TORU_FAULTS'] === 'full' ? native : shell;
}

export interface Harness {
  home: string;
  /** What carries its runs. */
  runner: 'native' | 'shell';
  db: Database;
  runs: Runs;
  actions: Map<string, ActionRow>;
  users: Map<string, User>;
  /** Stored, by name. */
  secrets: Map<string, string>;
  /** Plugins that may not start anything any more. */
  withdrawn: Set<string>;
  audit: { event: string; outcome: string }[];
  settings: { -readonly [name in keyof RunsOptions['settings']]: RunsOptions['settings'][name] } & { env_allow: string[] };
  /** Adds a script of this text to a folder of its own. */
  script(name: string, text: string, mode?: number): void;
  /** From now on there is no script of this name, and the error says so. */
  vanish(name: string): void;
  action(fields: { id: string; script: string } & Record<string, unknown>): ActionRow;
  /** A user, as the caller that they are. */
  caller(name: string, role?: Role): Caller;
  /** When this run has ended. */
  ended(taskId: string): Promise<Run>;
  /** All that it printed, in the order of the merged stream. */
  output(taskId: string): Promise<string>;
  /** Another `Runs` over the same home and database, as after a restart of the agent. The old one must be closed. */
  restart(options?: Partial<RunsOptions>): Promise<Runs>;
  close(): Promise<void>;
}

export function makeHarness(options: Partial<RunsOptions> = {}, home: string = mkdtempSync(join(tmpdir(), 'toru-runs-'))): Harness {
  const runner = options.runner ?? RUNNER;
  const scripts = join(home, 'scripts');
  mkdirSync(scripts, { recursive: true });
  const db = openDatabase(join(home, 'toru.db'));
  const actions: Harness['actions'] = new Map();
  const users: Harness['users'] = new Map();
  const audit: Harness['audit'] = [];
  const settings: Harness['settings'] = {
    instance_id: '00000000-0000-4000-8000-00000000abcd',
    keep_days: 0,
    keep_runs: 0,
    keep_mb: 0,
    output_limit_mb: 0,
    when_output_full: 'truncate',
    compress_after_minutes: 0,
    env_allow: [],
  };
  const secrets: Harness['secrets'] = new Map();
  const written = new Set<string>();
  const vanished = new Set<string>();
  const withdrawn = new Set<string>();
  const uploads = new Uploads({
    db,
    home,
    actions: {
      usable() {
        throw new ToruError('unknown_action', 'Nothing is uploaded here.');
      },
    },
    log: { warn: () => undefined },
  });
  const make = (more: Partial<RunsOptions>): Runs =>
    new Runs({
      db,
      home,
      settings,
      scripts: {
        async resolve(name) {
          if (vanished.has(name)) throw new ToruError('unknown_script', `There is no script “${name}”.`);
          if (name === 'missing.sh') throw new ToruError('unknown_script', 'There is no such script.');
          return written.has(name) ? join(scripts, name) : join(FIXTURES, name);
        },
      },
      actions: {
        patterns: new RegexBudget(),
        remembered: new Remembered(db),
        get: (id) => actions.get(id) ?? null,
        mayUse: (caller, action) => caller.role === 'admin' || action.allow === 'everyone' || action.allow.includes(caller.user_id),
      },
      uploads,
      secrets: { valueOf: (name) => secrets.get(name) ?? null },
      options: { filled: async (_caller, action) => action.inputs },
      users: { get: (id) => users.get(id) ?? null },
      mayStart: (plugin) => !withdrawn.has(plugin),
      audit: { record: ({ event, outcome }) => void audit.push({ event, outcome }) },
      log: { info: () => undefined, warn: () => undefined, error: (detail, message) => console.error(message, detail) },
      environment: {
        PATH: process.env['PATH'],
        HOME: home,
        ADMIN_PASSWORD: 'do not tell',
        SECRET_OF_THE_AGENT: 'x',
        TORU_HOME: home,
        LANG: 'C.UTF-8',
      },
      ...(runner === 'shell' ? { runner } : {}),
      ...options,
      ...more,
    });
  const harness: Harness = {
    home,
    runner,
    db,
    runs: make({}),
    actions,
    users,
    secrets,
    withdrawn,
    audit,
    settings,
    script(name, text, mode = 0o755) {
      written.add(name);
      writeFileSync(join(scripts, name), text);
      chmodSync(join(scripts, name), mode);
    },
    vanish: (name) => void vanished.add(name),
    action(fields) {
      const { id, ...rest } = fields;
      const fixed = { id, position: 1, size: 'normal' as const, revision: 1, created_at: 0, updated_at: 0 };
      const action = { ...actionFields.parse({ label: id, allow: 'everyone', ...rest }), ...fixed };
      actions.set(id, action);
      return action;
    },
    caller(name, role = 'admin') {
      const id = `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`;
      users.set(id, { id, username: name, role, disabled: false, created_at: new Date().toISOString(), last_login_at: null });
      return { user_id: id, username: name, role, via: 'edge', sid: null, address: '192.0.2.7', auth_time: Date.now() };
    },
    ended(taskId) {
      const admin = harness.caller('root');
      return new Promise((resolve, reject) => {
        const { runs } = harness;
        const late = setTimeout(() => {
          stop();
          reject(new Error(`Not at its end within ${UNTIL_MS / 1000} s: ${JSON.stringify(runs.get(admin, taskId))}`));
        }, UNTIL_MS);
        const look = (): boolean => {
          const run = runs.get(admin, taskId);
          if (!isFinal(run.state)) return false;
          clearTimeout(late);
          stop();
          resolve(run);
          return true;
        };
        let stop = (): void => undefined;
        stop = runs.onChange((run) => void (run.task_id === taskId && look()));
        look();
      });
    },
    async output(taskId) {
      const log = harness.runs.log(taskId);
      const decoder = { stdout: new TextDecoder(), stderr: new TextDecoder() };
      let text = '';
      for (let at = 0; at < log.end; ) {
        const chunks = await log.read(at, 64 * 1024);
        if (chunks.length === 0) break;
        for (const chunk of chunks) {
          text += decoder[chunk.stream].decode(chunk.bytes);
          at = chunk.to;
        }
      }
      return text;
    },
    async restart(more = {}) {
      harness.runs = make(more);
      await harness.runs.recover();
      return harness.runs;
    },
    async close() {
      // A test that failed half-way leaves no process behind either.
      for (const { task_id } of harness.runs.history.open()) {
        await harness.runs.cancel(harness.caller('root'), task_id).catch(() => undefined);
        await harness.ended(task_id);
      }
      await harness.runs.close();
      db.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
  return harness;
}

export function isAliveNow(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
