import { availableParallelism, totalmem } from 'node:os';
import Database from 'better-sqlite3';
import { afterAll, afterEach, expect, it } from 'vitest';
import type { SystemSample } from '../../shared/system.ts';
import { systemSample, system as systemSchema } from '../../shared/system.ts';
import { networkOf, read, sampleOf } from './readings.ts';
import { System } from './system.ts';

const db = new Database(':memory:');
const settings = { host_name: 'box', alert_cpu_percent: 0, alert_memory_percent: 0, alert_disk_percent: 0 };
const newSystem = (): System => new System({ db, settings, audit: { record: () => undefined }, version: '1.2.3', interval_ms: 20 });
let system = newSystem();
afterEach(() => {
  system.close();
  system = newSystem();
});
afterAll(() => db.close());

it('gives a snapshot of this machine, in the shape that was promised', async () => {
  const snapshot = await system.snapshot();
  expect(() => systemSchema.parse(snapshot)).not.toThrow();
  expect(snapshot).toMatchObject({
    host_name: 'box',
    cores: availableParallelism(),
    history: [],
    agent: { version: '1.2.3', pid: process.pid },
  });
  expect(snapshot.sample.memory_total).toBe(totalmem());
  expect(snapshot.sample.memory_used).toBeGreaterThan(0);
  expect(snapshot.sample.memory_used).toBeLessThan(totalmem());
  expect(snapshot.uptime_s).toBeGreaterThan(0);
});

it('samples while somebody listens, tells each listener, and keeps the last 150', async () => {
  const seen: SystemSample[] = [];
  const other: SystemSample[] = [];
  const stopOther = system.subscribe((sample) => other.push(sample));
  await new Promise<void>((resolve) => {
    system.subscribe((sample) => {
      seen.push(sample);
      if (seen.length === 3) stopOther();
      if (seen.length === 160) resolve();
    });
  });
  expect(other).toHaveLength(3);
  for (const sample of seen) systemSample.parse(sample);
  const { history, sample } = await system.snapshot();
  expect(history).toHaveLength(150);
  // The newest of them, or a fresh one when that is old already: at an interval of a few ms either may be.
  systemSample.parse(sample);
});

it('stops when the last listener leaves', async () => {
  const seen: SystemSample[] = [];
  let stop = (): void => undefined;
  await new Promise<void>((resolve) => {
    stop = system.subscribe((sample) => {
      seen.push(sample);
      resolve();
    });
  });
  stop();
  stop();
  const count = seen.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(seen).toHaveLength(count);
  expect((await system.snapshot()).history).toHaveLength(count);
});

it('sees a busy processor', async () => {
  const before = await read();
  const until = Date.now() + 150;
  while (Date.now() < until);
  expect(sampleOf(before, await read()).cpu).toBeGreaterThan(0);
});

it('counts what came and went per second, and never less than nothing', () => {
  const at = (ms: number, rx: number): Awaited<ReturnType<typeof read>> => ({
    at: ms,
    cpu: { busy: ms, total: 2 * ms },
    memory: { used: 1, total: 2 },
    network: { rx, tx: 0 },
  });
  expect(sampleOf(at(1000, 500), at(3000, 2500))).toMatchObject({ cpu: 50, network_rx_per_s: 1000, network_tx_per_s: 0 });
  expect(sampleOf(at(1000, 500), at(3000, 100))).toMatchObject({ network_rx_per_s: 0 });
  expect(sampleOf(at(1000, 0), at(1000, 0)).cpu).toBe(0);
});

it('reads /proc/net/dev, without what is counted elsewhere', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0
  eth0: 1000 2 0 0 0 0 0 0 500 3 0 0 0 0 0 0
wlan0:7 2 0 0 0 0 0 0 5 3 0 0 0 0 0 0
docker0: 9 2 0 0 0 0 0 0 9 3 0 0 0 0 0 0
`;
  expect(networkOf(text)).toEqual({ rx: 1007, tx: 505 });
  expect(networkOf('')).toEqual({ rx: 0, tx: 0 });
});
