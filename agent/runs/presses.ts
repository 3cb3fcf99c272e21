import { ToruError } from '../../shared/errors.ts';
import { refuseLate } from '../../shared/in-time.ts';
import type { RunState } from '../../shared/run-state.ts';
import type { History } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import type { RunRow } from '../history/run-row.ts';
import { stateOf } from '../history/run-row.ts';
import type { Caller } from '../users/caller.ts';
import { checkDisk } from './disk.ts';
import type { ActionsSeam, AuditSeam, ScriptsSeam } from './needs.ts';
import { newRow, refusalOf } from './new-row.ts';
import type { Prepared, StartRequest } from './request.ts';
import { prepare, requestHash } from './request.ts';
import type { Supervisor } from './supervisor.ts';

export interface Started {
  task_id: string;
  state: RunState;
}

interface Options {
  /** TORU_HOME: the disk that must have room. */
  home: string;
  history: History;
  journal: Journal;
  supervisor: Supervisor;
  scripts: ScriptsSeam;
  actions: ActionsSeam;
  audit: AuditSeam;
  minFreeBytes: number;
  /** Runs that may wait for a place, of all actions together. */
  maxWaiting: number;
  changed: (row: RunRow) => void;
}

/** What is asked to run: may it, was it asked before, is there a place. */
export class Presses {
  readonly #o: Options;
  /** Requests that are being journalled, by user and request id: a retry in the same moment joins the first. */
  readonly #pending = new Map<string, { hash: (request: StartRequest) => string; started: Promise<Started> }>();

  constructor(options: Options) {
    this.#o = options;
  }

  /** As Runs.start. */
  async start(caller: Caller, request: StartRequest): Promise<Started> {
    const key = request.request_id === undefined ? null : `${caller.user_id}\n${request.request_id}`;
    const known = key === null ? null : this.#known(caller, request, key);
    if (known !== null) return known;
    // Only now: of what has started in time, a late repetition hears that it did.
    refuseLate(request.not_after, Date.now());
    const prepared = this.#prepare(caller, request);
    const hash = requestHash(request, prepared.inputs);
    const started = this.#start(caller, request, prepared, hash);
    if (key !== null) {
      this.#pending.set(key, { hash: (other) => (requestHash(other, prepared.inputs) === hash ? hash : ''), started });
      const forget = (): boolean => this.#pending.delete(key);
      started.then(forget, forget);
    }
    return started;
  }

  /** The run that this request id has started, or is starting. @throws ToruError request_id_reused */
  #known(caller: Caller, request: StartRequest, key: string): Promise<Started> | null {
    const reused = (): ToruError =>
      new ToruError('request_id_reused', 'This request id was used for another request. Make a new one for each press.');
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      if (pending.hash(request) === '') throw reused();
      return pending.started;
    }
    const row = this.#o.history.byRequest(caller.user_id, request.request_id ?? '');
    if (row === null) return null;
    if (row.request_hash !== requestHash(request, row.inputs)) throw reused();
    return Promise.resolve({ task_id: row.task_id, state: stateOf(row.state) });
  }

  #prepare(caller: Caller, request: StartRequest): Prepared {
    try {
      return prepare(caller, request, this.#o.actions);
    } catch (error) {
      if (error instanceof ToruError && (error.code === 'forbidden' || error.code === 'unknown_action')) {
        this.#o.audit.record({ event: 'run.start', caller, target: request.action ?? request.script ?? null, outcome: 'refused' });
      }
      throw error;
    }
  }

  async #start(caller: Caller, request: StartRequest, prepared: Prepared, hash: string): Promise<Started> {
    const path = await this.#o.scripts.resolve(prepared.script);
    checkDisk(this.#o.home, this.#o.minFreeBytes);
    const row = newRow(caller, request, prepared, hash);
    const audit = (outcome: 'ok' | 'refused', detail: Record<string, unknown>): void =>
      this.#o.audit.record({
        event: 'run.start',
        caller,
        target: row.task_id,
        outcome,
        detail: { label: row.label, script: row.script, ...detail },
      });
    // From here to `accept` nothing waits: the place that is free now is still free there.
    const { supervisor } = this.#o;
    const { queue } = supervisor;
    const full = queue.full(row.action, prepared.action?.max_concurrent ?? 0);
    if (full !== null && queue.waiting(null) >= this.#o.maxWaiting) {
      throw new ToruError('busy', 'Too many runs are waiting on this host. Try again later.');
    }
    const refusal = full === 'action' ? refusalOf(prepared, queue.waiting(row.action)) : null;
    if (refusal !== null) {
      const refused: RunRow = { ...row, state: 'refused', reason: refusal.message, ended_at: row.created_at };
      await this.#o.journal.write(() => {
        this.#o.history.insert(refused);
        audit('refused', { reason: refusal.message });
      });
      this.#o.changed(refused);
      throw new ToruError(refusal.code, refusal.message, { extra: { task_id: row.task_id } });
    }
    const accepted: RunRow = full === null ? { ...row, state: 'starting', started_at: row.created_at } : row;
    await supervisor.accept(accepted, prepared, path, () => audit('ok', {}));
    return { task_id: row.task_id, state: stateOf(accepted.state) };
  }
}
