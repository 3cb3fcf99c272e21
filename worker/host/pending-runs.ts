import { ToruError } from '../../shared/errors.ts';
import type { PendingRun } from '../../shared/hosts.ts';
import { refuseLate } from '../../shared/in-time.ts';
import { MAX_PENDING_BYTES, MAX_PENDING_PER_USER, MAX_PENDING_RUNS, PENDING_DEFAULT_S } from '../../shared/limits.ts';
import type { RunRequest } from '../../shared/runs.ts';
import type { Role } from '../../shared/users.ts';

export const PENDING_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE pending_runs (
    sub TEXT NOT NULL,
    request_id TEXT NOT NULL,
    -- Under whose session it starts: one that has ended starts nothing.
    sid TEXT NOT NULL,
    -- The request as it came. Emptied when it is settled.
    body TEXT NOT NULL,
    action TEXT,
    script TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'expired', 'refused')),
    message TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (sub, request_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What started leads to its run.
  ALTER TABLE pending_runs RENAME TO pending_runs_before;
  CREATE TABLE pending_runs (
    sub TEXT NOT NULL,
    request_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    body TEXT NOT NULL,
    action TEXT,
    script TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'started', 'expired', 'refused')),
    message TEXT,
    task_id TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (sub, request_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO pending_runs SELECT sub, request_id, sid, body, action, script, state, message, NULL, created_at, expires_at
    FROM pending_runs_before;
  DROP TABLE pending_runs_before;
  `,
];

type Row = {
  sub: string;
  request_id: string;
  sid: string;
  body: string;
  action: string | null;
  script: string | null;
  state: PendingRun['state'];
  message: string | null;
  task_id: string | null;
  created_at: number;
  expires_at: number;
};
export type WaitingRun = Readonly<Row>;

/** What came of a run is shown for so long. */
const SHOWN_MS = 24 * 3_600_000;

/**
 * Runs that somebody asked for while the host was away, and wanted to be kept until it is back. The one thing that the
 * edge stores of what is said to the host: so only on request, few, small, and not for longer than a day.
 */
export class PendingRuns {
  readonly #sql: SqlStorage;
  /** On their way to the host at this moment, by user and request. */
  readonly #starting = new Set<string>();
  readonly #changed: (sub: string) => void;

  /** @param changed is told whose runs are others now. */
  constructor(sql: SqlStorage, changed: (sub: string) => void) {
    this.#sql = sql;
    this.#changed = changed;
  }

  /** @throws ToruError bad_request, too_large, too_late, queue_full, request_id_reused. */
  add(owner: { sid: string; sub: string }, request: RunRequest, now: number): PendingRun {
    const { request_id, action = null, script = null, expires_s = PENDING_DEFAULT_S, when_away: _, not_after, ...rest } = request;
    if (request_id === undefined) throw new ToruError('bad_request', 'A run that is to wait for the host needs a “request_id”.');
    const body = JSON.stringify({ ...rest, ...(action === null ? { script } : { action }), request_id });
    if (new TextEncoder().encode(body).length > MAX_PENDING_BYTES)
      throw new ToruError(
        'too_large',
        `A run that waits for the host may have ${MAX_PENDING_BYTES / 1024} KiB at most. Start it when the host is back.`,
      );
    const known = this.#get(owner.sub, request_id);
    // One that started is asked for again: the host knows it, and answers with the same run.
    if (known !== null && known.state !== 'started') {
      if (known.state === 'waiting' && known.body === body) return shown(known);
      throw new ToruError('request_id_reused', 'Another run was asked for under this “request_id”. Use a new one.');
    }
    refuseLate(not_after, now);
    const waiting = this.waiting();
    if (waiting.length >= MAX_PENDING_RUNS || waiting.filter(({ sub }) => sub === owner.sub).length >= MAX_PENDING_PER_USER)
      throw new ToruError('queue_full', 'Too many runs wait for this host already. Cancel some, or start this one when it is back.');
    const row: Row = {
      ...owner,
      request_id,
      body,
      action,
      script,
      state: 'waiting',
      message: null,
      task_id: null,
      created_at: now,
      expires_at: now + expires_s * 1000,
    };
    this.#sql.exec(
      'INSERT OR REPLACE INTO pending_runs (sub, request_id, sid, body, action, script, state, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      row.sub,
      row.request_id,
      row.sid,
      row.body,
      row.action,
      row.script,
      row.state,
      row.created_at,
      row.expires_at,
    );
    this.#changed(owner.sub);
    // Of what is settled, only the newest stay in sight.
    const settled = this.#rows().filter(({ sub, state }) => sub === owner.sub && state !== 'waiting');
    for (const old of settled.slice(0, -MAX_PENDING_PER_USER)) this.#delete(old);
    return shown(row);
  }

  /** Oldest first. */
  all(): PendingRun[] {
    return this.#rows().map(shown);
  }

  /** Cancels it, or puts a settled one out of sight. @throws ToruError not_found, conflict while it is being started. */
  remove(sub: string, role: Role, requestId: string): void {
    const row = this.#rows().find((known) => known.request_id === requestId && (role === 'admin' || known.sub === sub));
    if (row === undefined) throw new ToruError('not_found', 'No such run waits for this host. It may have started: look into the runs.');
    if (this.#starting.has(keyOf(row))) throw new ToruError('conflict', 'It is being started at this moment. Cancel the run.');
    this.#delete(row);
  }

  /** Nothing starts under a session that is over. */
  sessionsEnded(sids: readonly string[]): void {
    for (const row of this.waiting()) if (sids.includes(row.sid) && !this.#starting.has(keyOf(row))) this.#settle(row, SESSION_ENDED);
  }

  waiting(): WaitingRun[] {
    return this.#rows().filter(({ state }) => state === 'waiting');
  }

  /** Hands it to `start`, once at a time, which says how it was settled: 'later' when it still waits, null when there is nothing to show. */
  async start(row: WaitingRun, start: () => Promise<Settled | 'later' | null>): Promise<void> {
    const key = keyOf(row);
    if (this.#starting.has(key) || this.#get(row.sub, row.request_id)?.state !== 'waiting') return;
    this.#starting.add(key);
    try {
      const came = await start();
      if (came === null) this.#delete(row);
      else if (came !== 'later') this.#settle(row, came);
    } finally {
      this.#starting.delete(key);
    }
  }

  /** Settles what is too late, forgets what was shown for long enough. @returns when to come again. */
  sweep(now: number): number | null {
    const next: number[] = [];
    for (const row of this.#rows()) {
      if (row.state === 'waiting') {
        if (row.expires_at > now) next.push(row.expires_at);
        else if (!this.#starting.has(keyOf(row))) this.#settle(row, { state: 'expired', message: 'The host did not come back in time.' });
        else next.push(now + 60_000);
      }
      if (row.state !== 'waiting' || row.expires_at <= now) {
        if (row.expires_at + SHOWN_MS > now) next.push(row.expires_at + SHOWN_MS);
        else if (row.state !== 'waiting') this.#delete(row);
      }
    }
    return next.length === 0 ? null : Math.min(...next);
  }

  #settle({ sub, request_id }: Row, settled: Settled): void {
    this.#sql.exec(
      "UPDATE pending_runs SET state = ?, message = ?, task_id = ?, body = '' WHERE sub = ? AND request_id = ?",
      settled.state,
      settled.state === 'started' ? null : settled.message.slice(0, 500),
      settled.state === 'started' ? settled.task_id : null,
      sub,
      request_id,
    );
    this.#changed(sub);
  }

  #delete({ sub, request_id }: Row): void {
    this.#sql.exec('DELETE FROM pending_runs WHERE sub = ? AND request_id = ?', sub, request_id);
    this.#changed(sub);
  }

  #get(sub: string, requestId: string): Row | null {
    return this.#sql.exec<Row>('SELECT * FROM pending_runs WHERE sub = ? AND request_id = ?', sub, requestId).toArray()[0] ?? null;
  }

  #rows(): Row[] {
    return this.#sql.exec<Row>('SELECT * FROM pending_runs ORDER BY created_at, request_id').toArray();
  }
}

export const SESSION_ENDED: Settled = { state: 'expired', message: 'The session that asked for it has ended.' };

export type Settled =
  | { state: 'started'; task_id: string }
  /** `message`: read by the one who asked. */
  | { state: 'expired' | 'refused'; message: string };

function keyOf({ sub, request_id }: Row): string {
  return `${sub}/${request_id}`;
}

function shown({ sub, created_at, expires_at, request_id, action, script, state, message, task_id }: Row): PendingRun {
  const iso = (at: number): string => new Date(at).toISOString();
  return { request_id, user_id: sub, action, script, state, message, task_id, created_at: iso(created_at), expires_at: iso(expires_at) };
}
