import { randomUUID } from 'node:crypto';
import type { RunRow } from './run-row.ts';

/** For tests: the row of a run that has ended well and is like none before it, but for the fields that are given. */
export function sampleRun(fields: Partial<RunRow> = {}): RunRow {
  return {
    task_id: randomUUID(),
    user_id: '00000000-0000-4000-8000-0000000000aa',
    username: 'ada',
    action: null,
    action_revision: null,
    label: 'Some run',
    script: 'some.sh',
    args: [],
    inputs: {},
    source: 'api',
    address: null,
    state: 'exited',
    reason: null,
    exit_code: 0,
    signal: null,
    created_at: 1_700_000_000_000,
    started_at: null,
    ended_at: null,
    output_bytes: 0,
    disk_bytes: null,
    stdin: false,
    tty: false,
    timeout_s: 0,
    stop_signal: 'TERM',
    grace_s: null,
    seal: null,
    cancel_requested_at: null,
    request_id: null,
    request_hash: null,
    note: '',
    ...fields,
  };
}
