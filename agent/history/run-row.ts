import type { InputValues } from '../../shared/input-values.ts';
import type { RunState } from '../../shared/run-state.ts';
import type { Run, RunSource } from '../../shared/runs.ts';

/** `starting`: in the journal, but not seen running yet. Everyone else reads it as `running`. */
export type StoredState = RunState | 'starting';

/** A row of `task_history`, with its JSON read. Times in ms since 1970. */
export interface RunRow {
  task_id: string;
  user_id: string;
  username: string;
  action: string | null;
  /** The action's revision that was asked for. */
  action_revision: number | null;
  label: string;
  script: string;
  args: string[];
  /** Secrets masked. */
  inputs: InputValues;
  source: RunSource;
  address: string | null;
  state: StoredState;
  reason: string | null;
  exit_code: number | null;
  signal: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  output_bytes: number;
  /** Of its files, once they are compressed as far as they can be; null before, and for little output. */
  disk_bytes: number | null;
  stdin: boolean;
  /** Its script has a terminal of its own. */
  tty: boolean;
  timeout_s: number;
  /** How it is asked to leave when it is stopped. */
  stop_signal: 'TERM' | 'INT' | 'HUP' | 'QUIT';
  /** Seconds from that to KILL; null = as usual. */
  grace_s: number | null;
  /** Proves the wrapper's record of how the run ended (runs/wrapper/seal.ts); null: the wrapper of an earlier agent, which proves nothing. */
  seal: string | null;
  cancel_requested_at: number | null;
  request_id: string | null;
  request_hash: string | null;
  /** The note that somebody wrote on the run; '' = nothing. */
  note: string;
}

/** How a run ended: what its row is closed with. */
export interface Ending {
  state: Exclude<RunState, 'queued' | 'running'>;
  reason: string | null;
  exit_code: number | null;
  signal: string | null;
  ended_at: number;
  output_bytes: number;
}

/** A row as SQLite holds it: JSON as text, booleans as 0 and 1. */
export type StoredRun = Omit<RunRow, 'args' | 'inputs' | 'stdin' | 'tty'> & { args: string; inputs: string; stdin: number; tty: number };

export function storedOf(row: RunRow): StoredRun {
  const { args, inputs, stdin, tty, ...rest } = row;
  return { ...rest, args: JSON.stringify(args), inputs: JSON.stringify(inputs), stdin: stdin ? 1 : 0, tty: tty ? 1 : 0 };
}

export function rowOf(stored: StoredRun): RunRow {
  const { args, inputs, stdin, tty, ...rest } = stored;
  return { ...rest, args: JSON.parse(args), inputs: JSON.parse(inputs), stdin: stdin !== 0, tty: tty !== 0 };
}

/** As the outside reads it. */
export function stateOf(state: StoredState): RunState {
  return state === 'starting' ? 'running' : state;
}

/** The whole run, for an admin and for the agent's own use. */
export function runOf(row: RunRow, host: string): Run {
  return {
    task_id: row.task_id,
    host,
    ...(row.action === null ? {} : { action: row.action }),
    label: row.label,
    script: row.script,
    args: row.args,
    inputs: row.inputs,
    user: row.username,
    user_id: row.user_id,
    source: row.source,
    address: row.address,
    state: stateOf(row.state),
    reason: row.reason,
    exit_code: row.exit_code,
    signal: row.signal,
    created_at: new Date(row.created_at).toISOString(),
    started_at: row.started_at === null ? null : new Date(row.started_at).toISOString(),
    ended_at: row.ended_at === null ? null : new Date(row.ended_at).toISOString(),
    output_bytes: row.output_bytes,
    disk_bytes: row.disk_bytes,
    stdin: row.stdin,
    ...(row.tty ? { tty: true } : {}),
    ...(row.note === '' ? {} : { note: row.note }),
  };
}

/** The part of its own run that a client may see: not what stands behind the button. */
export function forClient({ script: _script, args: _args, ...run }: Run): Run {
  return run;
}
