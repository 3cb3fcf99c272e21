import { readdirSync, readFileSync } from 'node:fs';

/** What the tests ask /proc about. */

export function isRunning(pid: number): boolean {
  const state = stat(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

export function childrenOf(parent: number): number[] {
  return pids().filter((pid) => Number(stat(pid)?.[1]) === parent);
}

/** What `ps` would show: arguments with spaces between. */
export function commandOf(pid: number): string {
  return read(pid, 'cmdline').replaceAll('\0', ' ');
}

/** The workerd of a Toru. @param start the process of `npm start`. @returns 0 when there is none. */
export function workerdOf(start: number): number {
  const guard = childrenOf(start).find((pid) => commandOf(pid).includes('toru-edge'));
  return childrenOf(guard ?? 0).find((pid) => commandOf(pid).includes('workerd serve')) ?? 0;
}

/** Resident memory in MiB, 0 when it is gone. */
export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(pid, 'status'))?.[1] ?? 0) / 1024;
}

export function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Every process that carries one of these texts in its environment or its command line, except our own. */
export function processesNaming(texts: ReadonlySet<string>): number[] {
  return pids().filter((pid) => {
    if (pid === process.pid || !isRunning(pid)) return false;
    const said = `${read(pid, 'environ')}\0${read(pid, 'cmdline')}`;
    for (const text of texts) if (said.includes(text)) return true;
    return false;
  });
}

function pids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid));
}

/** From the state on: fields are counted from the last `)`, since a process may be named anything. */
function stat(pid: number): string[] | null {
  const line = read(pid, 'stat');
  return line === '' ? null : line.slice(line.lastIndexOf(')') + 2).split(' ');
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
