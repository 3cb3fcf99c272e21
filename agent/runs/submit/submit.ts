import { randomUUID } from 'node:crypto';
import { ToruError } from '../../../shared/errors.ts';
import { refuseLate } from '../../../shared/in-time.ts';
import { MASK } from '../../../shared/input-passing.ts';
import type { ActionInput } from '../../../shared/inputs.ts';
import { MAX_QUEUE_PER_ACTION } from '../../../shared/limits.ts';
import type { RunState } from '../../../shared/run-state.ts';
import type { ActionRow } from '../../actions/action-row.ts';
import type { History } from '../../history/history.ts';
import type { Journal } from '../../history/journal.ts';
import type { RunRow } from '../../history/run-row.ts';
import { stateOf } from '../../history/run-row.ts';
import { checkDisk } from '../../store/disk.ts';
import type { Caller } from '../../users/caller.ts';
import type { Beside } from '../life/beside.ts';
import type { Prepared } from '../life/prepared.ts';
import type { Scheduler } from '../life/scheduler.ts';
import type { OwnRequest, RequestServices, StartRequest } from './request.ts';
import { checkPassed, prepare, requestHash } from './request.ts';

/** The answer to a request to run something. */
export interface Started {
  task_id: string;
  state: RunState;
}

interface SubmitOptions extends RequestServices {
  /** TORU_HOME: the disk that must have room. */
  home: string;
  history: History;
  journal: Journal;
  scheduler: Pick<Scheduler, 'queue' | 'accept'>;
  minFreeBytes: number;
  /** Runs that may wait for a slot, of all actions together. */
  maxWaiting: number;
  changed: (row: RunRow) => void;
}

/** Makes runs out of requests: checks them, journals them, and gives them to the scheduler. */
export class Submit {
  readonly #o: SubmitOptions;
  /** Requests that are being journalled, by user and request id: a retry in the same moment joins the first. */
  readonly #pending = new Map<string, { isSame: (request: StartRequest) => boolean; started: Promise<Started> }>();

  constructor(options: SubmitOptions) {
    this.#o = options;
  }

  /** As Runs.start. The files of a press that is refused go: it is pressed again with files of its own. */
  async start(caller: Caller, request: StartRequest): Promise<Started> {
    const key = request.request_id === undefined ? null : `${caller.user_id}\n${request.request_id}`;
    const known = key === null ? null : this.#known(caller, request, key);
    if (known !== null) return known;
    try {
      return await this.#begin(caller, request, key);
    } catch (error) {
      if (request.inputs !== undefined) this.#o.uploads.discard(caller, Object.values(request.inputs));
      throw error;
    }
  }

  /** As Runs.startOwn. */
  async startOwn(caller: Caller, { task_id, prepared, source, beside }: OwnRequest): Promise<Started> {
    const row = this.#o.history.get(task_id);
    // It was refused, and the agent died before that was heard.
    if (row?.state === 'refused') throw new ToruError('run_refused', row.reason ?? 'It was refused.', { extra: { task_id } });
    if (row !== null) return { task_id, state: stateOf(row.state) };
    checkPassed(prepared.passed);
    return this.#start(newRow(caller, { source, request_id: task_id }, prepared, '', task_id), caller, prepared, beside);
  }

  /** As Runs.prepareAction. */
  async prepareAction(caller: Caller, asked: { action: string; inputs: Record<string, unknown> }): Promise<Prepared> {
    const request: StartRequest = { ...asked, source: 'workflow' };
    const action = this.#withScriptOptions(caller, request);
    const inputs = action === null ? null : await this.#o.options.filled(caller, action, asked.inputs);
    return this.#prepare(caller, request, inputs);
  }

  async #begin(caller: Caller, request: StartRequest, key: string | null): Promise<Started> {
    // Not before `#known`: a late repetition of a request that came in time hears that its run has started.
    refuseLate(request.not_after, Date.now());
    const action = this.#withScriptOptions(caller, request);
    const inputs = action === null ? null : await this.#o.options.filled(caller, action, request.inputs ?? {});
    // The same request may have come again meanwhile.
    const known = inputs === null || key === null ? null : this.#known(caller, request, key);
    if (known !== null) return known;
    const prepared = this.#prepare(caller, request, inputs);
    const hash = requestHash(request, prepared.inputs);
    const started = this.#start(newRow(caller, request, prepared, hash, randomUUID()), caller, prepared, {
      accepted: () => this.#remember(caller, prepared),
    });
    if (key !== null) {
      this.#pending.set(key, { isSame: (other) => requestHash(other, prepared.inputs) === hash, started });
      const forget = (): boolean => this.#pending.delete(key);
      started.then(forget, forget);
    }
    return started;
  }

  /** The run that this request id has started, or is starting. @throws ToruError request_id_reused */
  #known(caller: Caller, request: StartRequest, key: string): Promise<Started> | null {
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      if (!pending.isSame(request)) throw reused();
      return pending.started;
    }
    const row = this.#o.history.byRequest(caller.user_id, request.request_id ?? '');
    if (row === null) return null;
    if (row.request_hash !== requestHash(request, row.inputs)) throw reused();
    return Promise.resolve({ task_id: row.task_id, state: stateOf(row.state) });
  }

  /** The action that is asked for, if a script says what may be chosen in it, and the caller may press it. */
  #withScriptOptions(caller: Caller, request: StartRequest): ActionRow | null {
    const action = request.action === undefined ? null : this.#o.actions.get(request.action);
    if (action === null || !this.#o.actions.mayUse(caller, action)) return null;
    return action.inputs.some((input) => input.type === 'choice' && input.options_from !== undefined) ? action : null;
  }

  #prepare(caller: Caller, request: StartRequest, inputs: readonly ActionInput[] | null): Prepared {
    try {
      return prepare(caller, request, { ...this.#o, inputs });
    } catch (error) {
      if (error instanceof ToruError && (error.code === 'forbidden' || error.code === 'unknown_action')) {
        this.#o.audit.record({ event: 'run.start', caller, target: request.action ?? request.script ?? null, outcome: 'refused' });
      }
      throw error;
    }
  }

  /** @param beside written in the same transactions as an accepted run. */
  async #start(asked: RunRow, caller: Caller, prepared: Prepared, beside: Beside): Promise<Started> {
    const path = prepared.program?.path ?? (await this.#o.scripts.resolve(prepared.script));
    checkDisk(this.#o.home, this.#o.minFreeBytes);
    const row: RunRow = { ...asked, created_at: Date.now() };
    const audit = (outcome: 'ok' | 'refused', detail: Record<string, unknown>): void => {
      const { label, script, task_id } = row;
      this.#o.audit.record({ event: 'run.start', caller, target: task_id, outcome, detail: { label, script, ...detail } });
    };
    // From here to `accept` nothing waits: the slot that is free now is still free there.
    const { queue } = this.#o.scheduler;
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
    await this.#o.scheduler.accept(accepted, prepared, path, {
      ...beside,
      accepted: () => {
        audit('ok', {});
        this.#o.uploads.claim(prepared.uploads, row.task_id);
        beside.accepted();
      },
    });
    return { task_id: row.task_id, state: stateOf(accepted.state) };
  }

  #remember(caller: Caller, { action, inputs }: Prepared): void {
    const current = action === null ? null : this.#o.actions.get(action.id);
    if (current !== null) this.#o.actions.remembered.keep(caller.user_id, current, inputs);
  }
}

/** Why a run of an action that is full is not even queued; null when it may wait. @param waiting runs of the action that wait already. */
function refusalOf({ action }: Prepared, waiting: number): { code: 'run_refused' | 'queue_full'; message: string } | null {
  const most = action?.max_concurrent ?? 0;
  if (action?.when_full === 'refuse') {
    const message =
      most === 1
        ? 'It is already running. Wait until it has ended, or cancel it.'
        : `It is already running ${most} times, the most allowed.`;
    return { code: 'run_refused', message };
  }
  if (waiting < MAX_QUEUE_PER_ACTION) return null;
  return { code: 'queue_full', message: `${MAX_QUEUE_PER_ACTION} runs of this action are waiting already. Try again later.` };
}

function reused(): ToruError {
  return new ToruError('request_id_reused', 'This request id was used for another request. Make a new one for each press.');
}

/** The journal's row of a run that waits. */
function newRow(
  caller: Caller,
  request: Pick<StartRequest, 'source' | 'request_id'>,
  prepared: Prepared,
  hash: string,
  task_id: string,
): RunRow {
  return {
    task_id,
    user_id: caller.user_id,
    username: caller.username,
    action: prepared.action?.id ?? null,
    action_revision: prepared.action?.revision ?? null,
    label: prepared.label,
    script: prepared.script,
    args: prepared.passed.args.map((arg) => (prepared.secrets.some((secret) => secret !== '' && arg.includes(secret)) ? MASK : arg)),
    inputs: prepared.inputs,
    source: request.source,
    address: caller.address,
    state: 'queued',
    reason: null,
    exit_code: null,
    signal: null,
    created_at: Date.now(),
    started_at: null,
    ended_at: null,
    output_bytes: 0,
    disk_bytes: null,
    stdin: prepared.stdin,
    tty: prepared.tty,
    timeout_s: prepared.timeout_s,
    stop_signal: prepared.stop_signal,
    grace_s: prepared.grace_s,
    seal: null,
    cancel_requested_at: null,
    request_id: request.request_id ?? null,
    request_hash: request.request_id === undefined ? null : hash,
    note: '',
  };
}
