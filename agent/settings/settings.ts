import { randomUUID } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import type { NumberName } from '../../shared/number-settings.ts';
import { NUMBER_SETTINGS, ofEachNumber } from '../../shared/number-settings.ts';
import { actsAtStart } from '../../shared/reserved-variables.ts';
import type { SettingsPatch, Settings as SettingsShape } from '../../shared/settings.ts';
import { settingsPatch } from '../../shared/settings.ts';
import { withoutUnseen } from '../../shared/visible-name.ts';
import type { Audit } from '../audit/audit.ts';
import { expandHome } from '../config.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import { admin, adminLately, authorize } from '../users/permissions.ts';

const PATCHABLE = settingsPatch.keyof().options;

/** The rows that the `settings` table may hold, each value as JSON. */
const stored = z
  .object({
    ...settingsPatch.shape,
    /** Of an older Toru, which took every character. */
    host_name: z.string(),
    instance_id: z.uuid(),
    /** The edge's Account object that this host belongs to: whose grants count. */
    installation: z.uuid(),
    /** Of the ADMIN_USERNAME and ADMIN_PASSWORD that were taken over last (first-admin.ts). */
    admin_applied: z.object({ username: z.string(), hash: z.string() }),
  })
  .partial();
type Stored = z.infer<typeof stored>;

interface SettingsOptions {
  /** TORU_HOME */
  home: string;
  /** As the configuration decides it, or null. */
  scripts_dir: string | null;
  version: string;
  /** What the host is good for by what it has. */
  tagsFound?: () => string[];
}

/** The settings of this host, as an admin changes them; the environment and config.toml win. */
export class Settings {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #fixedScriptsDir: string | null;
  readonly #version: string;
  readonly #defaultScriptsDir: string;
  readonly #listeners = new Set<() => void>();
  readonly #tagsFound: () => string[];
  #values: Stored;

  constructor(db: Database, audit: Audit, options: SettingsOptions) {
    this.#db = db;
    this.#audit = audit;
    this.#fixedScriptsDir = options.scripts_dir;
    this.#version = options.version;
    this.#tagsFound = options.tagsFound ?? (() => []);
    this.#defaultScriptsDir = join(options.home, 'scripts');
    this.#values = this.#read();
    if (this.#values.instance_id === undefined) this.set({ instance_id: randomUUID() });
    if (this.scripts_dir === this.#defaultScriptsDir) mkdirSync(this.#defaultScriptsDir, { recursive: true, mode: 0o700 });
  }

  /** Which host this is: made once, never changed. */
  get instance_id(): string {
    const id = this.#values.instance_id;
    if (id === undefined) throw new Error('the instance_id is made in the constructor');
    return id;
  }

  /** Absolute; it may be missing. */
  get scripts_dir(): string {
    return this.#fixedScriptsDir ?? this.#values.scripts_dir ?? this.#defaultScriptsDir;
  }

  get host_name(): string {
    return this.#values.host_name ?? (withoutUnseen(hostname()).slice(0, 80) || 'host');
  }

  get keep_days(): number {
    return this.#number('keep_days');
  }

  get keep_runs(): number {
    return this.#number('keep_runs');
  }

  get keep_mb(): number {
    return this.#number('keep_mb');
  }

  get output_limit_mb(): number {
    return this.#number('output_limit_mb');
  }

  get when_output_full(): SettingsShape['when_output_full'] {
    return this.#values.when_output_full ?? 'truncate';
  }

  get compress_after_minutes(): number {
    return this.#number('compress_after_minutes');
  }

  get grant_minutes(): number {
    return this.#number('grant_minutes');
  }

  /** Of workflows, at the same time; as many as this host is good for where nobody said. */
  get max_steps(): number {
    return this.#number('max_steps') || 2 * availableParallelism();
  }

  /** Of removed worktrees and ended terminals; 0: for ever. */
  get trash_retention_days(): number {
    return this.#number('trash_retention_days');
  }

  /** Of workspaces from git. */
  get token_rotation_days(): number {
    return this.#number('token_rotation_days');
  }

  get poll_interval_s(): number {
    return this.#number('poll_interval_s');
  }

  get alert_cpu_percent(): number {
    return this.#number('alert_cpu_percent');
  }

  get alert_memory_percent(): number {
    return this.#number('alert_memory_percent');
  }

  get alert_disk_percent(): number {
    return this.#number('alert_disk_percent');
  }

  get env_allow(): readonly string[] {
    return this.#values.env_allow ?? [];
  }

  get tags(): readonly string[] {
    return this.#values.tags ?? [];
  }

  get tags_found(): readonly string[] {
    return this.#tagsFound();
  }

  /** The values that only the agent itself reads. */
  get internal(): Pick<Stored, 'installation' | 'admin_applied'> {
    return this.#values;
  }

  all(): SettingsShape {
    return {
      instance_id: this.instance_id,
      host_name: this.host_name,
      scripts_dir: this.scripts_dir,
      scripts_dir_fixed: this.#fixedScriptsDir !== null,
      ...ofEachNumber((name) => this.#number(name)),
      when_output_full: this.when_output_full,
      env_allow: [...this.env_allow],
      tags: [...this.tags],
      tags_found: [...this.tags_found],
      version: this.#version,
    };
  }

  /**
   * Changes what the patch names, and writes it to the audit. What decides which code
   * runs and what it sees (scripts_dir, env_allow) needs a newly typed password.
   * @throws ToruError forbidden, reauth_required, conflict (the configuration decides it), bad_request with `extra.field`.
   */
  update(patch: SettingsPatch, caller: Caller): SettingsShape {
    authorize(caller, admin);
    const change: Stored = { ...patch };
    if (patch.scripts_dir !== undefined) {
      change.scripts_dir = expandHome(patch.scripts_dir);
      if (change.scripts_dir === this.scripts_dir) delete change.scripts_dir;
      else this.#checkScriptsDir(change.scripts_dir, caller);
    }
    if (patch.env_allow !== undefined) this.#checkEnvAllow(patch.env_allow, caller);
    const before = this.all();
    this.set(change);
    const after = this.all();
    const changed = PATCHABLE.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
    if (changed.length > 0) {
      const detail = Object.fromEntries(changed.map((key) => [key, { from: before[key], to: after[key] }]));
      this.#audit.record({ event: 'settings.change', caller, outcome: 'ok', detail });
      for (const listener of this.#listeners) listener();
    }
    return after;
  }

  /** Called after somebody changed something. @returns stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stores these values as they are. For the agent's own; what a person asks for goes through `update`. */
  set(values: Stored): void {
    const put = this.#db.prepare('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
    this.#db.transaction(() => {
      for (const [key, value] of Object.entries(values)) if (value !== undefined) put.run(key, JSON.stringify(value));
    })();
    this.#values = this.#read();
  }

  #number(name: NumberName): number {
    return this.#values[name] ?? NUMBER_SETTINGS[name].default;
  }

  #checkEnvAllow(names: readonly string[], caller: Caller): void {
    if (JSON.stringify(names) === JSON.stringify(this.env_allow)) return;
    authorize(caller, adminLately);
    const secret = names.find((name) => name.startsWith('ADMIN_') || name.startsWith('TORU_'));
    if (secret !== undefined) refuse('env_allow', `${secret} belongs to the agent, and scripts never get it.`);
    const loader = names.find(actsAtStart);
    if (loader !== undefined) refuse('env_allow', `${loader} would act on every program that Toru starts. Set it in the script itself.`);
  }

  #checkScriptsDir(dir: string, caller: Caller): void {
    authorize(caller, adminLately);
    if (this.#fixedScriptsDir !== null) {
      throw new ToruError(
        'conflict',
        'TORU_SCRIPTS_DIR or config.toml decides the folder of scripts. Change it there, and restart the agent.',
        { extra: { field: 'scripts_dir' } },
      );
    }
    if (!isAbsolute(dir)) refuse('scripts_dir', 'An absolute path is expected, such as /home/me/scripts.');
    if (resolve(dir) !== dir) refuse('scripts_dir', `Write it as ${resolve(dir)}.`);
    if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true)
      refuse('scripts_dir', `There is no folder ${dir} on this host. Make it first: mkdir -p ${dir}`);
  }

  #read(): Stored {
    const rows = this.#db.prepare<[], { key: string; value: string }>('SELECT key, value FROM settings').all();
    return stored.parse(Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value)])));
  }
}

function refuse(field: string, message: string): never {
  throw new ToruError('bad_request', message, { extra: { field } });
}
