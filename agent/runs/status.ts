import { constants } from 'node:os';
import type { ProcessIdentity } from '../process/process-identity.ts';
import { sealOf } from './seal.ts';
import { LIMIT_BLOCK_BYTES } from './wrapper.ts';

/** What the wrapper wrote about its run (runs/<id>/status), understood. */
export interface RunStatus {
  /** The wrapper's own identity; null until it has said so. */
  identity: ProcessIdentity | null;
  /** The script, which leads a group and a session; null until it is about to start, and where /proc is not. */
  leader: ProcessIdentity | null;
  /** The cgroup that it is in, as a folder; null without one. */
  cgroup: string | null;
  /** The pipes that the script prints into, as /proc names them; empty where the wrapper does not say. */
  pipes: string[];
  /** How the script ended; null while it runs. */
  exit: { code: number | null; signal: string | null } | null;
  /** It left an image of its memory. Only the native runner sees that. */
  core: boolean;
  /** When it ended, in ms since 1970; null where the wrapper does not say. */
  endedAt: number | null;
  /** How long each stream was then; null where marks in the streams say it. */
  ends: { out: number; err: number } | null;
  /** What the wrapper proved its exit record with; null before, and where it proves none. */
  token: string | null;
  /** Both pumps saw the end of their stream: nothing more will be written. */
  drained: boolean;
  /** An agent has taken all of it, and the marks of its end away. */
  settled: boolean;
  /** How many bytes are kept of each stream; null = all. */
  limit: number | null;
  /** The streams that lost output. */
  cut: ('out' | 'err')[];
  /** The streams of which more was printed than is kept. */
  full: ('out' | 'err')[];
}

/** What a shell writes when a child died of a signal, in dash's and bash's words. Of INT and PIPE they write nothing. */
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

/** What a wrapper that has said nothing yet says. */
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
 * The file begins as spaces, so that it can be overwritten on a full disk; what is not written yet stays blank. Scripts of
 * the same user can write into it: what the wrapper says of itself stands there before the script starts, so the first word
 * counts; and how the script ended is believed only with the token.
 * @param seal as the journal has it. Null: of a wrapper that proves nothing (an earlier agent's).
 */
export function parseStatus(text: string, seal: string | null): RunStatus {
  const status: RunStatus = { ...BLANK_STATUS };
  let boot = '';
  let notes = '';
  let noted = true;
  // A line counts when it is complete: the last piece may be half written.
  // Where somebody cut the file, the wrapper goes on at its place, and what lies before reads as NULs.
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

/** The first of the signals for programs' own use, which have no names of their own. */
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
 * 128 + n with the shell's note is death by signal n. Without the note (shells write none for INT and PIPE) it stays the
 * exit code that it looks like: a script may well `exit 130`.
 * @param notes null from a shell that writes none at all (bash): then 128 + n of a known signal is taken for that signal.
 */
function exitOf(code: number, notes: string | null): RunStatus['exit'] {
  if (!Number.isInteger(code)) return null;
  const found = NOTES.find(([words, signal]) => code === 128 + constants.signals[signal] && (notes === null || words.test(notes)));
  return found === undefined ? { code, signal: null } : { code: null, signal: found[1] };
}
