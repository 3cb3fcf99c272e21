import { readFileSync } from 'node:fs';

/**
 * How many bytes a process has written so far, as the kernel counts them (`wchar` of /proc/<pid>/io): of the agent, while a run
 * prints, its link, and a little for the journal. Its link is a Unix socket, of which the kernel counts no bytes apart.
 */
export function sentBytes(pid: number): number {
  const written = /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1];
  if (written === undefined) throw new Error(`/proc/${pid}/io does not say what process ${pid} has written`);
  return Number(written);
}
