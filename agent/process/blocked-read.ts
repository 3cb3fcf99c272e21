import { readdirSync, readFileSync, statSync } from 'node:fs';

/**
 * Does a process wait for bytes of a certain pipe? Linux says so in /proc/PID/task/TID/syscall, to the process's own user: the system
 * call that a thread is blocked in, with its arguments (https://man7.org/linux/man-pages/man5/proc_pid_syscall.5.html).
 * Seen: a read, and an epoll without a timeout that has nothing else to do than wait (Node, asyncio). Not seen: `select` and `poll`
 * (`read -t`, ssh), whose arguments lie in the process's memory, and any process where the kernel does not let us look (another user's,
 * `ptrace_scope` above 1, macOS).
 */

/** read, readv; epoll_wait, epoll_pwait, epoll_pwait2; poll, select, pselect6, ppoll: their numbers, of the kernel's tables unistd_64.h and asm-generic/unistd.h. */
const CALLS: Partial<
  Record<NodeJS.Architecture, { read: readonly number[]; epoll: readonly number[]; epollUntil: number; poll: readonly number[] }>
> = {
  x64: { read: [0, 19], epoll: [232, 281], epollUntil: 441, poll: [7, 23, 270, 271] },
  arm64: { read: [63, 65], epoll: [22], epollUntil: 441, poll: [72, 73] },
};
/** Of a tree with more processes, or a process with more threads, only so many are looked at. */
const MOST_PROCESSES = 64;
const MOST_THREADS = 32;
/** EPOLLIN. */
const READABLE = 0x1;

/** A file by its number: a pipe that has a name may be renamed with its folder. `rdev`: of a device. */
export interface FileNumber {
  dev: number;
  ino: number;
  rdev: number;
}

type IsMeant = (file: FileNumber) => boolean;

/** Does one of these processes, or a descendant of them, wait until somebody writes into the pipe? False where nobody can tell. */
export function waitsFor(pipe: FileNumber, pids: Iterable<number>): boolean {
  return readersOf(({ dev, ino }) => ino === pipe.ino && dev === pipe.dev, pids) === 'waits';
}

/** `/dev/tty`: whatever terminal a process has. */
const OWN_TERMINAL = 0x500;

/**
 * Does one of these processes, or a descendant of them, wait for what is typed into their terminal? `perhaps`: one of them can't be
 * looked at, or waits for several things of which the terminal may be one.
 */
export function waitsForTerminal(terminal: FileNumber, pids: Iterable<number>): 'waits' | 'perhaps' | 'no' {
  return readersOf(({ rdev }) => rdev === terminal.rdev || rdev === OWN_TERMINAL, pids);
}

function readersOf(isMeant: IsMeant, pids: Iterable<number>): 'waits' | 'perhaps' | 'no' {
  const calls = CALLS[process.arch];
  if (process.platform !== 'linux' || calls === undefined) return 'perhaps';
  let perhaps = false;
  const known = new Set(pids);
  for (const pid of known) {
    for (const thread of entriesOf(`/proc/${pid}/task`).slice(0, MOST_THREADS)) {
      const [call, first, , , fourth] = textOf(`/proc/${pid}/task/${thread}/syscall`).split(' ');
      if (call === '') perhaps = true;
      const number = call === '' ? Number.NaN : Number(call ?? 'none');
      if (calls.read.includes(number) && isOpen(isMeant, pid, Number(first))) return 'waits';
      if (calls.poll.includes(number)) perhaps = true;
      const forEver = calls.epoll.includes(number) ? Number(fourth) >= 0xffffffff : number === calls.epollUntil && Number(fourth) === 0;
      if (forEver && pollsFor(isMeant, pid, Number(first))) return 'waits';
      for (const child of textOf(`/proc/${pid}/task/${thread}/children`).split(' ')) {
        // A set that grows while it is walked is walked to its end.
        if (child !== '' && known.size < MOST_PROCESSES) known.add(Number(child));
      }
    }
  }
  return perhaps ? 'perhaps' : 'no';
}

/** Is the file among what this epoll waits to read from? */
function pollsFor(isMeant: IsMeant, pid: number, epoll: number): boolean {
  for (const [, fd, events] of textOf(`/proc/${pid}/fdinfo/${epoll}`).matchAll(/^tfd:\s*(\d+) events:\s*([\da-f]+)/gm)) {
    if ((Number.parseInt(events ?? '0', 16) & READABLE) !== 0 && isOpen(isMeant, pid, Number(fd))) return true;
  }
  return false;
}

function isOpen(isMeant: IsMeant, pid: number, fd: number): boolean {
  try {
    return isMeant(statSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return false;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
