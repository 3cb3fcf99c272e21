import type { List } from '../../shared/api.ts';
import { ToruError, toToruError } from '../../shared/errors.ts';
import type { Trigger as Definition } from '../../shared/flow/definition.ts';
import type { Trigger } from '../../shared/workflows.ts';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../logger.ts';
import type { Database } from '../store/database.ts';
import type { Timers } from '../store/timers.ts';
import type { Caller } from '../users/caller.ts';
import { type Apply, TIMERS } from './driver.ts';
import { dueTimes, jitterOf, nextDue, nextDues, toFire } from './due-times.ts';
import type { Jobs } from './jobs.ts';
import type { Revision } from './revisions.ts';
import type { StepValues } from './step-values.ts';
import { uuidV5 } from './uuid-v5.ts';

interface Row {
  workspace: string;
  name: string;
  /** As an admin set it; null: as the file says. */
  enabled: number | null;
  /** What its due times are made of: another one begins again. */
  spec: string;
  /** The next time of its schedule; null while it has none. */
  next_due: number | null;
  last_fired_at: number | null;
  last_job_id: string | null;
  error: string | null;
  failed_at: number | null;
  told_at: number | null;
}

/** A trigger that fails at every of its times is told of so often. */
const TOLD_EVERY_MS = 3_600_000;
/** So many of its next times are shown. */
const NEXT_FIRES = 3;

export interface TriggersOptions {
  db: Database;
  timers: Pick<Timers, 'set' | 'clear' | 'arm'>;
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'warn'>;
  /** The instance's id. */
  host: string;
  current: (workspace: string) => Revision | null;
  /** Whose the jobs of a trigger are; null: the host's own. @throws ToruError when they can't be theirs any more. */
  ownerOf: (workspace: string, name: string) => Caller | null;
  /** Hears that a trigger did not fire, within the transaction. */
  failed: (failure: TriggerFailure) => void;
  jobs: Pick<Jobs, 'make' | 'running' | 'find'>;
  values: Pick<StepValues, 'ofTrigger'>;
  transact: (work: (apply: Apply) => void) => Promise<void>;
  /** A trigger was switched on or off. */
  switched: () => void;
  now?: () => number;
}

export interface TriggerFailure {
  workspace: string;
  trigger: string;
  task: string;
  /** What people call the task. */
  title: string;
  /** A sentence. */
  reason: string;
}

/** Whose the jobs of triggers are: the host's own. */
const TRIGGER: Caller = {
  user_id: 'local:trigger',
  username: 'trigger',
  role: 'admin',
  via: 'local',
  sid: null,
  address: null,
  auth_time: 0,
};

/**
 * What starts jobs by itself. The next time of a schedule is a row, and so is its timer: a time fires once, whatever happens to the agent, and what
 * was missed while it was away fires as the trigger's `catch_up` says.
 */
export class Triggers {
  readonly #o: TriggersOptions;
  readonly #now: () => number;

  constructor(options: TriggersOptions) {
    this.#o = options;
    this.#now = options.now ?? Date.now;
  }

  /** The definitions of a workspace are others now, or it is gone (null). Within the caller's transaction. */
  sync(workspace: string, revision: Revision | null): void {
    const defined = revision?.definitions.triggers ?? {};
    for (const { name } of this.#rows(workspace)) {
      if (Object.hasOwn(defined, name)) continue;
      this.#o.timers.clear(TIMERS, timerOf(workspace, name));
      this.#o.db.prepare('DELETE FROM workflow_triggers WHERE workspace = ? AND name = ?').run(workspace, name);
    }
    for (const [name, definition] of Object.entries(defined)) {
      const spec = specOf(definition);
      const known = this.#row(workspace, name);
      if (known === null)
        this.#o.db.prepare('INSERT INTO workflow_triggers (workspace, name, spec) VALUES (?, ?, ?)').run(workspace, name, spec);
      else if (known.spec === spec) continue;
      else this.#o.db.prepare('UPDATE workflow_triggers SET spec = ? WHERE workspace = ? AND name = ?').run(spec, workspace, name);
      this.#plan(workspace, name, definition, this.#now());
    }
  }

  /** @throws ToruError not_found */
  list(workspace: string): List<Trigger> {
    const revision = this.#o.current(workspace);
    return {
      items: Object.entries(revision?.definitions.triggers ?? {}).map(([name, definition]) => this.#shown(workspace, name, definition)),
      next_cursor: null,
    };
  }

  /** When a task's schedules start it next, ms since 1970; null when none does. */
  nextOf({ workspace, definitions }: Revision, task: string): number | null {
    const due = Object.entries(definitions.triggers).flatMap(([name, trigger]) =>
      trigger.task === task ? (this.#row(workspace, name)?.next_due ?? []) : [],
    );
    return due.length === 0 ? null : Math.min(...due);
  }

  /** As an admin set it, else as its file says. */
  isEnabled(workspace: string, name: string, definition: Definition): boolean {
    const row = this.#row(workspace, name);
    return row === null ? definition.enabled : isEnabled(row, definition);
  }

  /** One of them; null when there is none of that name. */
  find(workspace: string, name: string): Trigger | null {
    const row = this.#row(workspace, name);
    const definition = row === null ? undefined : this.#o.current(workspace)?.definitions.triggers[name];
    return definition === undefined ? null : this.#shown(workspace, name, definition);
  }

  /** A request that had every right to could not start its task. */
  async noteFailed(revision: Revision, name: string, reason: string): Promise<void> {
    const definition = revision.definitions.triggers[name];
    if (definition !== undefined) await this.#o.transact(() => this.#failed(revision, name, definition, reason, this.#now()));
  }

  /** A request has started its task. */
  noteFired(workspace: string, name: string, jobId: string): void {
    this.#fired(workspace, name, jobId);
  }

  /** Starts its task now. @throws ToruError not_found, input_… */
  async fire(caller: Caller, workspace: string, name: string): Promise<{ job_id: string }> {
    const { revision, definition } = this.#get(workspace, name);
    const job_id = crypto.randomUUID();
    await this.#o.transact(() => {
      this.#make(revision, name, definition, job_id, caller);
      this.#fired(workspace, name, job_id);
      this.#o.audit.record({ event: 'trigger.fire', caller, target: `${workspace}/${name}`, outcome: 'ok', detail: { job_id } });
    });
    return { job_id };
  }

  /** @throws ToruError not_found */
  async enable(caller: Caller, workspace: string, name: string, enabled: boolean): Promise<Trigger> {
    const { definition } = this.#get(workspace, name);
    await this.#o.transact(() => {
      this.#o.db.prepare('UPDATE workflow_triggers SET enabled = ? WHERE workspace = ? AND name = ?').run(enabled ? 1 : 0, workspace, name);
      this.#plan(workspace, name, definition, this.#now());
      const event = enabled ? 'trigger.enable' : 'trigger.disable';
      this.#o.audit.record({ event, caller, target: `${workspace}/${name}`, outcome: 'ok' });
    });
    this.#o.switched();
    return this.#shown(workspace, name, definition);
  }

  /** A timer of `timerOf` is due. Within the caller's transaction. */
  due(workspace: string, name: string, apply: Apply): void {
    const { timers } = this.#o;
    timers.clear(TIMERS, timerOf(workspace, name));
    const row = this.#row(workspace, name);
    // Of a workspace that is gone there is none.
    const revision = row === null ? null : this.#o.current(workspace);
    const definition = revision?.definitions.triggers[name];
    if (revision === null || row === null || row.next_due === null || definition?.type !== 'scheduler' || !isEnabled(row, definition))
      return;
    const now = this.#now();
    const dues = dueTimes(definition, row.next_due, now);
    const fire = toFire(definition, dues, now);
    for (const due of fire) this.#start(revision, name, definition, due, apply);
    if (fire.length === 0 && row.next_due <= now)
      this.#failed(revision, name, definition, 'The host was away then, and it is not to catch up so late.', row.next_due);
    this.#plan(workspace, name, definition, Math.max(now, dues.at(-1) ?? now));
  }

  #start(revision: Revision, name: string, definition: Definition & { type: 'scheduler' }, due: number, apply: Apply): void {
    const { workspace } = revision;
    const job_id = uuidV5(this.#o.host, `trigger/${workspace}/${name}/${due}`);
    const running = definition.concurrency === 'allow' ? [] : this.#o.jobs.running(workspace, name);
    if (definition.concurrency === 'skip' && running.length > 0)
      return this.#failed(revision, name, definition, 'The job before it was still running: this time was skipped.', due, false);
    for (const id of running) apply(id, { type: 'cancel', at: this.#now(), reason: `The next job of the trigger “${name}” came.` });
    try {
      this.#make(revision, name, definition, job_id, this.#o.ownerOf(workspace, name) ?? TRIGGER);
      this.#fired(workspace, name, job_id);
    } catch (error) {
      this.#failed(revision, name, definition, toToruError(error).message, due);
    }
  }

  #make(revision: Revision, name: string, definition: Definition, job_id: string, caller: Caller): void {
    const given = this.#o.values.ofTrigger(revision, definition.input);
    this.#o.jobs.make(caller, { revision, task: definition.task, ...given, source: 'trigger', source_id: name }, job_id, null);
  }

  #fired(workspace: string, name: string, job_id: string): void {
    this.#o.db
      .prepare('UPDATE workflow_triggers SET last_fired_at = ?, last_job_id = ?, error = NULL WHERE workspace = ? AND name = ?')
      .run(this.#now(), job_id, workspace, name);
  }

  /**
   * A trigger that does not fire says so: in its own row, the audit and the log; and to people, unless its definition asked for it.
   * @param due when it should have, ms since 1970.
   */
  #failed({ workspace, definitions }: Revision, name: string, { task }: Definition, reason: string, due: number, tell = true): void {
    const { db, audit, log, failed } = this.#o;
    const now = this.#now();
    const before = this.#row(workspace, name);
    db.prepare('UPDATE workflow_triggers SET error = ?, failed_at = ? WHERE workspace = ? AND name = ?').run(reason, now, workspace, name);
    const detail = { reason, due: new Date(due).toISOString() };
    audit.record({ event: 'trigger.fire', caller: null, target: `${workspace}/${name}`, outcome: 'refused', detail });
    log.warn({ workspace, trigger: name, due: detail.due }, reason);
    if (!tell || (before?.error === reason && now - (before.told_at ?? 0) < TOLD_EVERY_MS)) return;
    db.prepare('UPDATE workflow_triggers SET told_at = ? WHERE workspace = ? AND name = ?').run(now, workspace, name);
    failed({ workspace, trigger: name, task, title: definitions.tasks[task]?.name ?? task, reason });
  }

  /** Writes down its next time after `from`, with its timer. */
  #plan(workspace: string, name: string, definition: Definition, from: number): void {
    const { db, timers } = this.#o;
    const row = this.#row(workspace, name);
    const next = definition.type === 'scheduler' && row !== null && isEnabled(row, definition) ? nextDue(definition, from) : null;
    db.prepare('UPDATE workflow_triggers SET next_due = ? WHERE workspace = ? AND name = ?').run(next, workspace, name);
    if (next === null || definition.type !== 'scheduler') timers.clear(TIMERS, timerOf(workspace, name));
    else timers.set(TIMERS, timerOf(workspace, name), next + jitterOf(definition, `${workspace}/${name}/${next}`));
  }

  #get(workspace: string, name: string): { revision: Revision; definition: Definition } {
    const revision = this.#o.current(workspace);
    const definition = revision?.definitions.triggers[name];
    if (revision === null || definition === undefined)
      throw new ToruError('not_found', `There is no trigger “${name}” in the workspace “${workspace}”.`);
    return { revision, definition };
  }

  #shown(workspace: string, name: string, definition: Definition): Trigger {
    const row = this.#row(workspace, name);
    const { secret: _secret, ...shown } = definition.type === 'webhook' ? definition : { ...definition, secret: undefined };
    return {
      workspace,
      name,
      task: definition.task,
      enabled: row === null ? definition.enabled : isEnabled(row, definition),
      definition: shown,
      next_fire_at: timeOf(row?.next_due ?? null),
      next_fires: nextFires(definition, row?.next_due ?? null),
      last_fired_at: timeOf(row?.last_fired_at ?? null),
      last_job_id: row?.last_job_id ?? null,
      last_job: row?.last_job_id == null ? null : this.#o.jobs.find(row.last_job_id),
      error: row?.error ?? null,
      failed_at: row?.error == null ? null : timeOf(row.failed_at),
    };
  }

  #rows(workspace: string): Row[] {
    return this.#o.db.prepare<[string], Row>('SELECT * FROM workflow_triggers WHERE workspace = ?').all(workspace);
  }

  #row(workspace: string, name: string): Row | null {
    return (
      this.#o.db.prepare<[string, string], Row>('SELECT * FROM workflow_triggers WHERE workspace = ? AND name = ?').get(workspace, name) ??
      null
    );
  }
}

function isEnabled({ enabled }: Row, definition: Definition): boolean {
  return enabled === null ? definition.enabled : enabled === 1;
}

function timerOf(workspace: string, name: string): string {
  return `trigger/${workspace}/${name}`;
}

function specOf(definition: Definition): string {
  return definition.type === 'scheduler' ? JSON.stringify([definition.cron, definition.timezone, definition.enabled]) : definition.type;
}

/** @param next the first of them, as its row has it. */
function nextFires(definition: Definition, next: number | null): string[] {
  if (definition.type !== 'scheduler' || next === null) return [];
  return [next, ...nextDues(definition, next, NEXT_FIRES - 1)].map((at) => new Date(at).toISOString());
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
