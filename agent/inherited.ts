import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** Of `flags:` in /proc/<pid>/fdinfo/<fd>, octal: https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes what whoever started us left open beside the three standard streams: a terminal multiplexer's sockets, a lock, a
 * `<(…)` of a shell. It would otherwise reach every script. Call it before anything is opened. What Node opens is marked to be
 * closed at `exec`, and so can't have been inherited; macOS hands on nothing that is not asked for.
 */
export function closeInherited(): void {
  if (process.platform !== 'linux') return;
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd <= 2) continue;
    try {
      const [, flags] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1')) ?? [];
      if (flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) closeSync(fd);
    } catch {
      // The one through which the folder was read is gone by now.
    }
  }
}
