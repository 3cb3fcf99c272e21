import { randomUUID } from 'node:crypto';
import type { Statement } from 'better-sqlite3';
import * as z from 'zod';
import { runOutcome } from '../../shared/run-outcome.ts';
import type { RunSummary } from '../../shared/runs.ts';
import { runSummary } from '../../shared/runs.ts';
import type { SystemAlert } from '../../shared/system.ts';
import { systemAlert } from '../../shared/system.ts';
import type { RunRow } from '../history/run-row.ts';
import { stateOf } from '../history/run-row.ts';
import type { Database } from '../store/database.ts';

/** What a workflow tells. Nothing of what its steps printed or were given. */
const flowNotice = z.discriminatedUnion('what', [
  z.strictObject({
    what: z.literal('job'),
    job_id: z.string(),
    user_id: z.string(),
    /** What people call its task. */
    title: z.string(),
    state: z.enum(['completed', 'failed', 'cancelled', 'skipped']),
    /** Nobody started it: a trigger did. */
    alone: z.boolean(),
    /** The run that is all of it, and is told by itself; null for other jobs. */
    run: z.string().nullable(),
  }),
  z.strictObject({ what: z.literal('approval'), job_id: z.string(), user_id: z.string(), title: z.string(), step: z.string() }),
  z.strictObject({
    what: z.literal('trigger'),
    workspace: z.string(),
    trigger: z.string(),
    task: z.string(),
    title: z.string(),
    /** A sentence. */
    reason: z.string(),
  }),
]);
export type FlowNotice = z.infer<typeof flowNotice>;

/** What a terminal wants of people. Nothing that it printed: `text` is what its program asked to be told. */
const terminalNotice = z.strictObject({
  terminal_id: z.string(),
  name: z.string(),
  what: z.enum(['permission', 'idle', 'done', 'stalled', 'bell', 'note']),
  text: z.string().nullable(),
});
export type TerminalMessage = z.infer<typeof terminalNotice>;

/** What a message tells: that a run ended, that one waits for an answer, that a threshold of the host was crossed, or something of a workflow or a terminal. */
const about = z.union([
  z.strictObject({ run: runSummary }),
  z.strictObject({ asks: runSummary }),
  z.strictObject({ alert: systemAlert }),
  z.strictObject({ flow: flowNotice }),
  z.strictObject({ terminal: terminalNotice }),
]);
type About = z.infer<typeof about>;

/** A message that waits to be taken. */
export interface Message {
  id: string;
  target: string;
  about: About;
  attempts: number;
  /** ms since 1970. */
  created_at: number;
}

/** What a run's end asks of the tables. */
interface RunEnd {
  user: string;
  task: string;
  action: string | null;
  failed: number;
}

/** A device of an admin follows everybody's runs of an action, one of a client only its user's own. */
const TARGETS_OF = `
  SELECT 'device/' || d.id FROM notify_devices d
  WHERE (d.user_id = $user AND (d.own_runs = 'always' OR (d.own_runs = 'failure' AND $failed)))
     OR EXISTS (SELECT 1 FROM notify_watches w WHERE w.device = d.id AND w.task_id = $task)
     OR EXISTS (SELECT 1 FROM notify_follows f WHERE f.device = d.id AND f.action = $action
                AND (f.tell_when = 'always' OR (f.tell_when = 'failure' AND $failed))
                AND (d.user_id = $user OR EXISTS (SELECT 1 FROM users u WHERE u.id = d.user_id AND u.role = 'admin')))
  UNION ALL
  SELECT kind || '/' || action FROM notify_targets
  WHERE action = $action AND (tell_when = 'always' OR (tell_when = 'failure' AND $failed))`;

/** A threshold is the business of admins alone. */
const TARGETS_OF_ALERT = `
  SELECT 'device/' || d.id FROM notify_devices d JOIN users u ON u.id = d.user_id WHERE d.thresholds = 1 AND u.role = 'admin'
  UNION ALL
  SELECT kind || '/' FROM notify_targets WHERE action IS NULL AND (tell_when = 'always' OR (tell_when = 'failure' AND NOT ?))`;

/**
 * Of a workflow: whoever started a job hears of its end as of a run's, and admins of what nobody started. A run that is all of a job has
 * told some of them already. The host's own addresses are an admin's.
 */
const TARGETS_OF_FLOW = `
  SELECT 'device/' || d.id FROM notify_devices d
  WHERE ((d.user_id = $user AND $run IS NULL AND (d.own_runs = 'always' OR (d.own_runs = 'failure' AND $failed)))
     OR ($alone AND (d.jobs = 'always' OR (d.jobs = 'failure' AND $failed))
         AND EXISTS (SELECT 1 FROM users u WHERE u.id = d.user_id AND u.role = 'admin')))
    AND NOT EXISTS (SELECT 1 FROM notify_messages m WHERE m.event = $run AND m.target = 'device/' || d.id)
  UNION ALL
  SELECT kind || '/' FROM notify_targets
  WHERE action IS NULL AND $alone AND (tell_when = 'always' OR (tell_when = 'failure' AND $failed))`;

/** Terminals are the business of admins alone. */
const TARGETS_OF_TERMINAL = `
  SELECT 'device/' || d.id FROM notify_devices d JOIN users u ON u.id = d.user_id WHERE d.terminals = 1 AND u.role = 'admin'
  UNION ALL
  SELECT kind || '/' FROM notify_targets WHERE action IS NULL AND (tell_when = 'always' OR (tell_when = 'failure' AND ?))`;

/** Bells ring often: only devices hear of them, each by its own choice. */
const TARGETS_OF_BELL = `
  SELECT 'device/' || d.id FROM notify_devices d JOIN users u ON u.id = d.user_id WHERE d.bells = 1 AND u.role = 'admin'`;

/** How long a message that was dealt with stays in the journal. */
const KEPT_MS = 7 * 24 * 3_600_000;
const PRUNE_EVERY = 100;

/** The journal of messages: one for each run or alert and target, written in the transaction of what it tells. */
export class Outbox {
  readonly #db: Database;
  readonly #targetsOf: Statement<[RunEnd], string>;
  readonly #waitingOf: Statement<[string], string>;
  #sincePrune = 0;

  constructor(db: Database) {
    this.#db = db;
    // RunEnd at the end of every run.
    this.#targetsOf = db.prepare<[RunEnd], string>(TARGETS_OF).pluck();
    this.#waitingOf = db.prepare<[string], string>(`SELECT target FROM notify_messages WHERE event = ? AND state = 'waiting'`).pluck();
  }

  /** To be called in the transaction in which the run ends. */
  write(row: RunRow): void {
    const run = summaryOf(row);
    const outcome = runOutcome(run);
    if (outcome === null) return;
    const targets = this.#targetsOf.all({
      // A step of a workflow is told by its job.
      user: row.source === 'workflow' && row.action === null ? '' : run.user_id,
      task: run.task_id,
      action: run.action,
      failed: Number(outcome.failed),
    });
    if (targets.length === 0) return;
    this.#insert(run.task_id, targets, { run });
    this.#db.prepare('DELETE FROM notify_watches WHERE task_id = ?').run(run.task_id);
  }

  /** A run waits for an answer: whoever is told of its end as it may come is told, once. @returns the targets that are told. */
  writeAsks(run: RunSummary): string[] {
    const targets = this.#targetsOf.all({ user: run.user_id, task: run.task_id, action: run.action, failed: 0 });
    this.#insert(`${run.task_id}/asks`, targets, { asks: run });
    return targets;
  }

  /** To be called in the transaction that says that the threshold was crossed. @returns the targets that are told. */
  writeAlert(alert: SystemAlert): string[] {
    const targets = this.#db.prepare<[number], string>(TARGETS_OF_ALERT).pluck().all(Number(alert.over));
    this.#insert(randomUUID(), targets, { alert });
    return targets;
  }

  /** To be called in the transaction of what it tells. @returns the targets that are told. */
  writeFlow(flow: FlowNotice): string[] {
    const isJob = flow.what === 'job';
    const targets = this.#db
      .prepare<{ user: string; run: string | null; failed: number; alone: number }, string>(TARGETS_OF_FLOW)
      .pluck()
      .all({
        user: isJob ? flow.user_id : '',
        run: isJob ? flow.run : null,
        failed: Number(!isJob || flow.state === 'failed' || flow.state === 'cancelled'),
        alone: Number(!isJob || flow.alone),
      });
    this.#insert(randomUUID(), targets, { flow });
    return targets;
  }

  /** @returns the targets that are told. */
  writeTerminal(terminal: TerminalMessage): string[] {
    const urgent = terminal.what === 'permission' || terminal.what === 'stalled';
    const targets =
      terminal.what === 'bell'
        ? this.#db.prepare<[], string>(TARGETS_OF_BELL).pluck().all()
        : this.#db.prepare<[number], string>(TARGETS_OF_TERMINAL).pluck().all(Number(urgent));
    this.#insert(randomUUID(), targets, { terminal });
    return targets;
  }

  #insert(event: string, targets: readonly string[], told: About): void {
    const insert = this.#db.prepare(
      `INSERT INTO notify_messages (id, event, target, about, state, created_at) VALUES (?, ?, ?, ?, 'waiting', ?) ON CONFLICT DO NOTHING`,
    );
    for (const target of targets) insert.run(randomUUID(), event, target, JSON.stringify(told), Date.now());
  }

  /** The targets for which a message of this run waits. */
  targetsOf(taskId: string): string[] {
    return this.#waitingOf.all(taskId);
  }

  /** All for which something waits. */
  targets(): string[] {
    return this.#db.prepare<[], string>(`SELECT DISTINCT target FROM notify_messages WHERE state = 'waiting'`).pluck().all();
  }

  /** The messages that wait for this target, oldest first. */
  waiting(target: string, limit: number): Message[] {
    return this.#db
      .prepare<[string, number], Omit<Message, 'about'> & { about: string }>(
        `SELECT id, target, about, attempts, created_at FROM notify_messages WHERE target = ? AND state = 'waiting'
         ORDER BY created_at, rowid LIMIT ?`,
      )
      .all(target, limit)
      .map((message) => ({ ...message, about: about.parse(JSON.parse(message.about)) }));
  }

  /** Those for this target that were written before then, and tried since. @param limit ms since 1970. */
  triedBefore(target: string, limit: number): { id: string }[] {
    return this.#db
      .prepare<[string, number], { id: string }>(
        `SELECT id FROM notify_messages WHERE target = ? AND state = 'waiting' AND created_at < ? AND attempts > 0`,
      )
      .all(target, limit);
  }

  count(target: string): number {
    return (
      this.#db
        .prepare<[string], number>(`SELECT count(*) FROM notify_messages WHERE target = ? AND state = 'waiting'`)
        .pluck()
        .get(target) ?? 0
    );
  }

  tried(messages: readonly Message[]): void {
    const write = this.#db.prepare('UPDATE notify_messages SET attempts = attempts + 1 WHERE id = ?');
    this.#db.transaction(() => {
      for (const { id } of messages) write.run(id);
    })();
  }

  /** What became of them, for ever. */
  settle(messages: readonly Pick<Message, 'id'>[], state: 'sent' | 'given_up' | 'dropped'): void {
    const write = this.#db.prepare('UPDATE notify_messages SET state = ?, done_at = ? WHERE id = ?');
    const now = Date.now();
    this.#db.transaction(() => {
      for (const { id } of messages) write.run(state, now, id);
    })();
    this.#sincePrune += messages.length;
    if (this.#sincePrune >= PRUNE_EVERY) this.prune(now);
  }

  prune(now: number): void {
    this.#sincePrune = 0;
    this.#db.prepare('DELETE FROM notify_messages WHERE done_at < ?').run(now - KEPT_MS);
  }
}

/** Nothing of the script, its arguments, its inputs or its output. */
function summaryOf(row: RunRow): RunSummary {
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return {
    task_id: row.task_id,
    user_id: row.user_id,
    action: row.action,
    label: row.label,
    state: stateOf(row.state),
    exit_code: row.exit_code,
    created_at: new Date(row.created_at).toISOString(),
    started_at: iso(row.started_at),
    ended_at: iso(row.ended_at),
  };
}
