import { readFile } from 'node:fs/promises';
import { cpus, freemem, loadavg, platform, totalmem } from 'node:os';
import type { SystemSample } from '../../shared/system.ts';
import { library } from './library.ts';

/** The counters of one moment. Two of them make a sample. */
export interface Reading {
  at: number;
  cpu: { busy: number; total: number };
  memory: { used: number; total: number };
  network: { rx: number; tx: number };
}

/** Cheap: on Linux two small files of /proc, and no process. Never fails: what can't be read counts as nothing. */
export async function read(): Promise<Reading> {
  const [memory, network] = await Promise.all([readMemory(), readNetwork()]);
  return { at: Date.now(), cpu: readCpu(), memory, network };
}

/** The difference between two readings. Counters that went back (an interface that left, a suspended machine) count as 0. */
export function sampleOf(before: Reading, now: Reading): SystemSample {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const perSecond = (from: number, to: number): number => Math.round(Math.max(0, to - from) / seconds);
  const total = now.cpu.total - before.cpu.total;
  const busy = now.cpu.busy - before.cpu.busy;
  return {
    time: new Date(now.at).toISOString(),
    cpu: total <= 0 ? 0 : round(Math.min(100, Math.max(0, (100 * busy) / total))),
    memory_used: now.memory.used,
    memory_total: now.memory.total,
    load_1m: round(loadavg()[0] ?? 0),
    network_rx_per_s: perSecond(before.network.rx, now.network.rx),
    network_tx_per_s: perSecond(before.network.tx, now.network.tx),
  };
}

function readCpu(): Reading['cpu'] {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const working = times.user + times.nice + times.sys + times.irq;
    busy += working;
    total += working + times.idle;
  }
  return { busy, total };
}

/** The memory that programs can't have any more: caches that the kernel would give back are free. */
async function readMemory(): Promise<Reading['memory']> {
  const total = totalmem();
  if (platform() === 'linux') {
    const available = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8').catch(() => ''))?.[1];
    if (available !== undefined) return { total, used: total - Number(available) * 1024 };
  } else {
    const memory = await (await library()).mem().catch(() => null);
    if (memory !== null) return { total, used: memory.active };
  }
  return { total, used: total - freemem() };
}

async function readNetwork(): Promise<Reading['network']> {
  if (platform() === 'linux') return networkOf(await readFile('/proc/net/dev', 'utf8').catch(() => ''));
  const stats = await (await library()).networkStats().catch(() => []);
  return stats.reduce((sum, { rx_bytes, tx_bytes }) => ({ rx: sum.rx + rx_bytes, tx: sum.tx + tx_bytes }), { rx: 0, tx: 0 });
}

/** /proc/net/dev: receive bytes first, transmit bytes ninth. Bridges and containers would count the same bytes twice. */
export function networkOf(text: string): Reading['network'] {
  const sum = { rx: 0, tx: 0 };
  for (const line of text.split('\n')) {
    const [, name, numbers] = /^\s*([^:\s]+):\s*(.+)$/.exec(line) ?? [];
    if (name === undefined || numbers === undefined || /^(?:lo|veth|br-|docker|virbr|ifb|tun|tap|wg|tailscale|dummy|bond)/.test(name))
      continue;
    const fields = numbers.trim().split(/\s+/).map(Number);
    sum.rx += fields[0] ?? 0;
    sum.tx += fields[8] ?? 0;
  }
  return sum;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
