import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { readRegular } from '../../logs/regular-file.ts';
import type { ProcessIdentity } from '../../process/process-identity.ts';
import { sealOf } from './seal.ts';
import { LIMIT_BLOCK_BYTES } from './wrapper.ts';

/** A run's status file (runs/<id>/status), as the wrapper or the native runner wrote it. “Wrapper” means either of the two. */
export interface RunStatus {
  /** The wrapper itself; null until it has written who it is. */
  identity: ProcessIdentity | null;
  /** The script, which leads a group and a session; null until it is about to start, and where /proc is not. */
  leader: ProcessIdentity | null;
  /** The run's cgroup, as a folder; null without one. */
  cgroup: string | null;
  /** The pipes that the script prints into, as /proc names them; empty where the wrapper does not write them. */
  pipes: string[];
  /** How the script ended; null while it runs. */
  exit: { code: number | null; signal: string | null } | null;
  /** The script left an image of its memory. Only the native runner sees that. */
  core: boolean;
  /** When the script ended, in ms since 1970; null where the wrapper does not write it. */
  endedAt: number | null;
  /** How long each stream was when the script ended; null where marks in the streams show it. */
  ends: { out: number; err: number } | null;
  /** The token that proves the exit record (seal.ts); null before the record, and where it has none. */
  token: string | null;
  /** Both pumps saw the end of their stream: nothing more will be written. */
  drained: boolean;
  /** An agent has taken all output, and has cut the marks off. */
  settled: boolean;
  /** How many bytes are kept of each stream; null = all. */
  limit: number | null;
  /** The streams that lost output. */
  cut: ('out' | 'err')[];
  /** The streams of which more was printed than is kept. */
  full: ('out' | 'err')[];
}

/**
 * What of a run's output is there. `complete`: all that the script printed. `torn`: some of it may be missing, and nothing in the
 * output says so. `left behind`: all is there, and what a background child prints from now on is not kept.
 */
export type OutputLeft = 'complete' | 'torn' | 'left behind';

/** The note of a shell whose child died of a signal, in dash's and bash's words. Both write none for INT and PIPE. */
const NOTES: readonly (readonly [RegExp, NodeJS.Signals])[] = [
  [/\bKilled\b/, 'SIGKILL'],
  [/\bTerminated\b/, 'SIGTERM'],
  [/\bHangup\b/, 'SIGHUP'],
  [/\bQuit\b/, 'SIGQUIT'],
  [/\bSegmentation fault\b/, 'SIGSEGV'],
  [/\bAbort(ed)?\b/, 'SIGABRT'],
  [/\bBus error\b/, 'SIGBUS'],
  [/\bFloating point exception\b/, 'SIGFPE'],
  [/\bIllegal instruction\b/, 'SIGILL'],
  [/\bAlarm clock\b/, 'SIGALRM'],
  [/\bUser defined signal 1\b/, 'SIGUSR1'],
  [/\bUser defined signal 2\b/, 'SIGUSR2'],
  [/\bTrace\/breakpoint trap\b/, 'SIGTRAP'],
  [/\bBad system call\b/, 'SIGSYS'],
  [/\bCPU time limit exceeded\b/, 'SIGXCPU'],
  [/\bFile size limit exceeded\b/, 'SIGXFSZ'],
  [/\bVirtual timer expired\b/, 'SIGVTALRM'],
  [/\bProfiling timer expired\b/, 'SIGPROF'],
  [/\bI\/O possible\b/, 'SIGIO'],
  [/\bPower failure\b/, 'SIGPWR'],
  [/\bStack fault\b/, 'SIGSTKFLT'],
];

/** The status of a wrapper that has written nothing yet. */
export const BLANK_STATUS: RunStatus = {
  identity: null,
  leader: null,
  cgroup: null,
  pipes: [],
  exit: null,
  core: false,
  endedAt: null,
  ends: null,
  token: null,
  drained: false,
  settled: false,
  limit: null,
  cut: [],
  full: [],
};

/**
 * Parses a status file. The file begins as spaces, so that it can be overwritten on a full disk. Scripts of the same user can write
 * into it: the wrapper's lines about itself stand there before the script starts, so the first line of a kind counts; and the exit
 * record is believed only with the token.
 * @param seal as the journal has it; null: the wrapper of an earlier agent, which proves nothing.
 */
export function parseStatus(text: string, seal: string | null): RunStatus {
  const status: RunStatus = { ...BLANK_STATUS };
  let boot = '';
  let notes = '';
  let noted = true;
  // A line counts when it is complete: the last piece may be half written. Where a script cut the file, the wrapper goes on at its
  // own position, and the bytes before that read as NULs.
  for (const line of text.replaceAll('\0', '').split('\n').slice(0, -1)) {
    const [, word, rest = ''] = /^(\w+)(?: (.*))?$/.exec(line) ?? [];
    if (word === 'boot') boot ||= rest;
    else if (word === 'cgroup') status.cgroup ??= rest;
    else if (word === 'stat') status.identity ??= identityOfStat(rest, boot);
    else if (word === 'ps') status.identity ??= identityOfPs(rest, boot);
    else if (word === 'leader') status.leader ??= identityOfStat(rest, boot);
    else if (word === 'pipes') status.pipes = status.pipes.length > 0 ? status.pipes : rest.split(' ').map((inode) => `pipe:[${inode}]`);
    else if (word === 'ended') takeEnd(status, rest, seal);
    else if (word === 'limit') status.limit ??= Number(rest) * LIMIT_BLOCK_BYTES || null;
    else if (word === 'exit') {
      const [code, token] = rest.split(' ');
      if (status.exit !== null || (seal !== null && (token === undefined || sealOf(token) !== seal))) continue;
      status.exit = exitOf(Number(code), noted ? notes : null);
      status.token = seal === null ? null : (token ?? null);
    } else if (word === 'cut' && (rest === 'out' || rest === 'err')) status.cut = [...new Set<'out' | 'err'>([...status.cut, rest])];
    else if (word === 'full' && (rest === 'out' || rest === 'err')) status.full = [...new Set<'out' | 'err'>([...status.full, rest])];
    else if (word === 'settled') status.settled = status.exit !== null;
    else if (word === 'drained') status.drained = status.exit !== null;
    else if (word === 'unnoted') noted = false;
    else if (status.exit === null) notes += `${line}\n`;
  }
  return status;
}

/** Reads a run's status file; blank when there is none. @param seal as the journal has it. */
export function readStatus(folder: string, seal: string | null): RunStatus {
  try {
    return parseStatus(readRegular(join(folder, 'status'), 'latin1'), seal);
  } catch {
    return BLANK_STATUS;
  }
}

/** When the status was last written, in ms since 1970: close enough to the end, also for a run that ended while nobody looked. */
export function statusWrittenAt(folder: string): number {
  try {
    return Math.floor(statSync(join(folder, 'status')).mtimeMs);
  } catch {
    return Date.now();
  }
}

/** The native runner's exit record: `<token> exit|signal|core <number> <ms> <bytes of out> <bytes of err>`. */
function takeEnd(status: RunStatus, record: string, seal: string | null): void {
  const [, token = '', way, number, ms, out, err] = /^(\S+) (exit|signal|core) (\d+) (\d+) (\d+) (\d+)$/.exec(record) ?? [];
  if (status.exit !== null || seal === null || sealOf(token) !== seal) return;
  status.exit = way === 'exit' ? { code: Number(number), signal: null } : { code: null, signal: signalName(Number(number)) };
  status.core = way === 'core';
  status.token = token;
  status.endedAt = Number(ms);
  status.ends = { out: Number(out), err: Number(err) };
}

/** The first of the signals that have no names. */
const FIRST_REALTIME = 34;

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `SIGRTMIN+${number - FIRST_REALTIME}`;
}

/** A line of /proc/<pid>/stat. The name in parentheses may hold anything, so fields are counted from the last `)`. */
function identityOfStat(line: string, boot: string): ProcessIdentity | null {
  const pid = Number.parseInt(line, 10);
  const start = line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
  return Number.isInteger(pid) && start !== undefined ? { pid, start, boot } : null;
}

function identityOfPs(line: string, boot: string): ProcessIdentity | null {
  const [, pid, start] = /^(\d+) (.+)$/.exec(line) ?? [];
  return pid !== undefined && start !== undefined ? { pid: Number(pid), start: start.trim(), boot } : null;
}

/**
 * The code 128 + n with the shell's note is death by signal n. Without the note (shells write none for INT and PIPE) it is an exit
 * code: a script may well `exit 130`.
 * @param notes null from a shell that writes no notes (bash): then 128 + n of a known signal is taken for that signal.
 */
function exitOf(code: number, notes: string | null): RunStatus['exit'] {
  if (!Number.isInteger(code)) return null;
  const found = NOTES.find(([words, signal]) => code === 128 + constants.signals[signal] && (notes === null || words.test(notes)));
  return found === undefined ? { code, signal: null } : { code: null, signal: found[1] };
}
