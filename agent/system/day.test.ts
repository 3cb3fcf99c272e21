import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SystemAlert, SystemSample } from '../../shared/system.ts';
import { Alerts } from './alerts.ts';
import { Day, KEPT_MINUTES } from './day.ts';
import { localDisks, mountsOf } from './local-disks.ts';
import { seenOf, topOf, topProcesses } from './processes.ts';

const START = Date.parse('2026-03-01T00:00:00Z');
const MINUTE = 60_000;
const sample = (minute: number, change: Partial<SystemSample> = {}): SystemSample => ({
  time: new Date(START + minute * MINUTE).toISOString(),
  cpu: minute % 100,
  memory_used: 50,
  memory_total: 100,
  load_1m: 1,
  network_rx_per_s: 10,
  network_tx_per_s: 20,
  ...change,
});

describe('the day', () => {
  let db: Database.Database;
  beforeEach(() => {
    db = new Database(':memory:');
  });
  afterEach(() => db.close());

  it('keeps a day and no more, in less than a megabyte, and outlives the agent', () => {
    const day = new Day(db);
    for (let n = 0; n < 3000; n += 1) day.add(sample(n));
    day.flush();
    const again = new Day(db);
    const kept = again.list(1, START + 2999 * MINUTE);
    expect(kept).toHaveLength(KEPT_MINUTES);
    expect(kept.at(-1)).toMatchObject({ cpu: 99, memory_used: 50 });
    expect(kept[0]?.cpu).toBe((3000 - KEPT_MINUTES) % 100);
    expect(Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))).toBeLessThan(1_000_000);
  });

  it('makes means of several minutes, and leaves gaps where it was away', () => {
    const day = new Day(db);
    for (const n of [0, 1, 2, 3, 4, 60, 61]) day.add(sample(n, { cpu: n }));
    const means = day.list(5, START + 61 * MINUTE).map(({ time, cpu }) => [time, cpu]);
    expect(means).toEqual([
      ['2026-03-01T00:05:00.000Z', 2],
      ['2026-03-01T01:02:00.000Z', 60.5],
    ]);
  });

  it('forgets what a wrong clock put into the future', () => {
    const day = new Day(db);
    day.add(sample(100_000));
    day.flush();
    day.add(sample(5));
    expect(day.list(1, START + 5 * MINUTE)).toHaveLength(1);
    expect(db.prepare('SELECT count(*) FROM system_minutes').pluck().get()).toBe(1);
  });
});

describe('thresholds', () => {
  const told: SystemAlert[] = [];
  const thresholds = { alert_cpu_percent: 80, alert_memory_percent: 0, alert_disk_percent: 90 };
  beforeEach(() => {
    told.length = 0;
  });

  it('tell a busy processor after five minutes of it, once, and once that it is over', () => {
    const alerts = new Alerts(thresholds, (alert) => told.push(alert));
    for (let n = 0; n < 4; n += 1) alerts.look(sample(n, { cpu: 100 }), []);
    expect(told).toEqual([]);
    for (let n = 0; n < 10; n += 1) alerts.look(sample(n, { cpu: n % 2 === 0 ? 100 : 70 }), []);
    expect(told).toEqual([{ what: 'cpu', mount: null, percent: 100, threshold: 80, over: false }]);
    for (let n = 0; n < 10; n += 1) alerts.look(sample(n, { cpu: 10 }), []);
    expect(told.slice(1)).toEqual([expect.objectContaining({ what: 'cpu', over: true })]);
  });

  it('tell each full disk, and not again at its edge', () => {
    const alerts = new Alerts(thresholds, (alert) => told.push(alert));
    for (const used of [89, 90, 89, 91, 84, 95])
      alerts.look(sample(0), [
        { mount: '/', size: 100, used },
        { mount: '/none', size: 0, used: 0 },
      ]);
    expect(told.map(({ mount, percent, over }) => [mount, percent, over])).toEqual([
      ['/', 90, false],
      ['/', 84, true],
      ['/', 95, false],
    ]);
  });

  it('say nothing where there is none, and let go when it is taken away', () => {
    const own = { alert_cpu_percent: 0, alert_memory_percent: 0, alert_disk_percent: 90 };
    const alerts = new Alerts(own, (alert) => told.push(alert));
    for (let n = 0; n < 9; n += 1) alerts.look(sample(n, { cpu: 100, memory_used: 100 }), []);
    expect(told).toEqual([]);
    alerts.look(sample(9), [{ mount: '/', size: 100, used: 99 }]);
    own.alert_disk_percent = 0;
    alerts.look(sample(10), [{ mount: '/', size: 100, used: 99 }]);
    expect(told.map(({ over }) => over)).toEqual([false, true]);
  });
});

describe('disks', () => {
  it('are those of this machine, each once, without images and shares', () => {
    const text = [
      '/dev/sda1 / ext4 rw 0 0',
      '/dev/sda1 /var/lib/docker ext4 rw 0 0',
      '/dev/sdb1 /mnt/my\\040disk xfs rw 0 0',
      '/dev/loop3 /snap/x squashfs ro 0 0',
      'nas:/share /mnt/nas nfs4 rw 0 0',
      'tmpfs /tmp tmpfs rw 0 0',
    ].join('\n');
    expect(mountsOf(text)).toEqual(['/', '/mnt/my disk']);
  });

  it('of this machine say how full they are', async () => {
    for (const { size, used } of await localDisks()) expect([used > 0, used <= size]).toEqual([true, true]);
  });
});

describe('processes', () => {
  it('are read whatever stands in their names', () => {
    const stat = '7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 25 15 0 0 20 0 1 0 100 1000000 300 18446744073709551615 1';
    expect(seenOf(stat)).toEqual({ name: 'a) b (c', ticks: 40, memory: 300 * 4096 });
    expect(seenOf('')).toBeNull();
    expect(seenOf(stat.replace(' 300 ', ' 0 '))).toBeNull();
  });

  it('at the top are those that take most of either', () => {
    const all = Array.from({ length: 40 }, (_, pid) => ({ pid, name: 'x', cpu: pid, memory: 1000 - pid }));
    expect(topOf(all).map(({ pid }) => pid)).toEqual([39, 38, 37, 36, 35, 34, 5, 4, 3, 2, 1, 0]);
  });

  it('of this machine are there, with what they take', async () => {
    const found = await topProcesses();
    expect(found.length).toBeGreaterThan(0);
    for (const { name, memory } of found) expect([name === '', memory > 0]).toEqual([false, true]);
  });
});
