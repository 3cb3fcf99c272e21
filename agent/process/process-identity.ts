import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { ProcessInfo } from './process-info.ts';

/** A process, told from all that had or will have its pid: `start` is clock ticks since boot, or a date without /proc. */
export interface ProcessIdentity {
  pid: number;
  start: string;
  boot: string;
}

/** Where there is /proc, the other way is not even loaded: its package costs 25 MB and 100 ms. */
export const withoutProc = process.platform === 'linux' ? null : await import('./without-proc.ts');

/** Which boot this is: pids and start times mean something only within it. */
export function bootId(): string {
  try {
    return withoutProc === null ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() : withoutProc.bootSession();
  } catch {
    return 'unknown';
  }
}

/** Is this very process still there? A zombie is not: it does nothing any more. */
export function isAlive({ pid, start, boot }: ProcessIdentity, currentBoot: string): boolean {
  if (boot !== currentBoot) return false;
  return identify(pid, currentBoot)?.start === start;
}

/** The process that has this pid now; null when none has. */
export function identify(pid: number, currentBoot: string): ProcessIdentity | null {
  const info = withoutProc === null ? readStat(pid) : (withoutProc.psTable(pid).get(pid) ?? null);
  return info === null ? null : { pid, start: info.start, boot: currentBoot };
}

/** Signals exactly this process. @returns false when it is gone, or is another by now. */
export function signalProcess(identity: ProcessIdentity, currentBoot: string, signal: NodeJS.Signals): boolean {
  return isAlive(identity, currentBoot) && send(identity.pid, signal);
}

/** Signals the group that this process leads. @returns false when the leader is gone: the number may be another group's. */
export function signalGroup(leader: ProcessIdentity, currentBoot: string, signal: NodeJS.Signals): boolean {
  return isAlive(leader, currentBoot) && send(-leader.pid, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false;
  }
}

/** What the kernel says of a process in one line. */
interface ProcessStat extends Omit<ProcessInfo, 'taskId' | 'pipes'> {
  /** A thread of the kernel: it has no environment, and nothing opened. */
  kernel: boolean;
}

/** PF_KTHREAD of the kernel's `include/linux/sched.h`. */
const KERNEL_THREAD = 0x00200000;
/** A line has 52 numbers and a name of at most 64 bytes. */
const line = Buffer.alloc(2048);

/** Null when it is gone or a zombie. Fields are counted from the last `)`: a process may be named anything. */
export function readStat(pid: number): ProcessStat | null {
  let text: string;
  try {
    const file = openSync(`/proc/${pid}/stat`, 'r');
    try {
      text = line.toString('latin1', 0, readSync(file, line));
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
  const [state, parent, group, session] = fields;
  const start = fields[19];
  if (state === 'Z' || state === 'X' || start === undefined) return null;
  const kernel = (Number(fields[6]) & KERNEL_THREAD) !== 0;
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), start, kernel };
}
