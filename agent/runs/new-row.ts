import { randomUUID } from 'node:crypto';
import { MAX_QUEUE_PER_ACTION } from '../../shared/limits.ts';
import type { RunRow } from '../history/run-row.ts';
import type { Caller } from '../users/caller.ts';
import type { Prepared, StartRequest } from './request.ts';

/** Why a run of a full action is not even queued; null when it may wait. @param waiting how many of it do already. */
export function refusalOf(prepared: Prepared, waiting: number): { code: 'run_refused' | 'queue_full'; message: string } | null {
  const most = prepared.action?.max_concurrent ?? 0;
  if (prepared.action?.when_full === 'refuse') {
    const message =
      most === 1
        ? 'It is already running. Wait until it has ended, or cancel it.'
        : `It is already running ${most} times, the most allowed.`;
    return { code: 'run_refused', message };
  }
  if (waiting < MAX_QUEUE_PER_ACTION) return null;
  return { code: 'queue_full', message: `${MAX_QUEUE_PER_ACTION} runs of this action are waiting already. Try again later.` };
}

/** The journal's row of a run that waits. */
export function newRow(caller: Caller, request: StartRequest, prepared: Prepared, hash: string): RunRow {
  return {
    task_id: randomUUID(),
    user_id: caller.user_id,
    username: caller.username,
    action: prepared.action?.id ?? null,
    action_revision: prepared.action?.revision ?? null,
    label: prepared.label,
    script: prepared.script,
    args: prepared.passed.args,
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
