import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemProcess } from '../../shared/system.ts';
import { library } from './library.ts';

/** How long the work of the processes is looked at. */
const GLANCE_MS = 500;
/** The most of each list: by processor, and by memory. */
const TOP = 6;
/** Linux: the unit of a process's time, and of its memory. Every kernel in use has these. */
const TICKS_PER_S = 100;
const PAGE_BYTES = 4096;

interface Seen {
  name: string;
  ticks: number;
  memory: number;
}

/** The processes that take most of the processor or the memory. Their names only: arguments may hold secrets. */
export async function topProcesses(): Promise<SystemProcess[]> {
  return platform() === 'linux' ? topOf(await fromProc()) : topOf(await fromLibrary());
}

/** Those that take most of either, the hungriest for the processor first. */
export function topOf(all: readonly SystemProcess[]): SystemProcess[] {
  const by = (value: (one: SystemProcess) => number): SystemProcess[] => all.toSorted((a, b) => value(b) - value(a)).slice(0, TOP);
  return [...new Set([...by(({ cpu }) => cpu), ...by(({ memory }) => memory)])].toSorted((a, b) => b.cpu - a.cpu || b.memory - a.memory);
}

async function fromProc(): Promise<SystemProcess[]> {
  const before = await seenInProc();
  const began = performance.now();
  await sleep(GLANCE_MS);
  const now = await seenInProc();
  const seconds = (performance.now() - began) / 1000;
  return [...now].map(([pid, { name, ticks, memory }]) => {
    const worked = Math.max(0, ticks - (before.get(pid)?.ticks ?? ticks)) / TICKS_PER_S;
    return { pid, name, cpu: Math.round((1000 * worked) / seconds) / 10, memory };
  });
}

async function seenInProc(): Promise<Map<number, Seen>> {
  const seen = new Map<number, Seen>();
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    // It may have ended meanwhile.
    const one = seenOf(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''));
    if (one !== null) seen.set(pid, one);
  }
  return seen;
}

/** /proc/PID/stat: the name stands in brackets and may hold anything, brackets too; after it utime is the 12th, rss the 22nd. */
export function seenOf(stat: string): Seen | null {
  const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat.trimEnd()) ?? [];
  if (name === undefined || rest === undefined) return null;
  const fields = rest.split(' ').map(Number);
  // A thread of the kernel has no memory of its own, and is nothing that one could end.
  const memory = (fields[21] ?? 0) * PAGE_BYTES;
  return memory === 0 ? null : { name: Buffer.from(name, 'latin1').toString(), ticks: (fields[11] ?? 0) + (fields[12] ?? 0), memory };
}

async function fromLibrary(): Promise<SystemProcess[]> {
  const found = await (await library()).processes().catch(() => null);
  return (found?.list ?? []).map(({ pid, name, cpu, memRss }) => ({ pid, name, cpu: Math.round(cpu * 10) / 10, memory: memRss * 1024 }));
}
