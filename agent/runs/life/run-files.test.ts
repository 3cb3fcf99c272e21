import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { removeFile, SpareFiles } from './run-files.ts';

const FILES = ['artifacts', 'err', 'order', 'out', 'status'];

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'toru-files-'));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

/** Whole ones only: a folder stands there for a moment before its files do. */
const spares = (): number =>
  readdirSync(runs).includes('.spare')
    ? readdirSync(join(runs, '.spare')).filter((name) => readdirSync(join(runs, '.spare', name)).length === FILES.length).length
    : 0;

it('a press before any is ready makes its own; later ones take those that wait, and more are made', async () => {
  // Of an earlier agent, that was killed while it made one.
  mkdirSync(join(runs, '.spare', '1'), { recursive: true });
  writeFileSync(join(runs, '.spare', '1', 'status'), 'half');
  const files = new SpareFiles(runs);
  files.make(join(runs, 'first'));
  await until(() => spares() === 16);
  const waiting = new Set(readdirSync(join(runs, '.spare')).map((name) => statSync(join(runs, '.spare', name, 'status')).ino));
  for (const name of ['second', 'third']) files.make(join(runs, name));
  await until(() => spares() === 16);
  expect(['first', 'second', 'third'].map((name) => waiting.has(statSync(join(runs, name, 'status')).ino))).toEqual([false, true, true]);
  for (const name of ['first', 'second', 'third']) {
    expect(readdirSync(join(runs, name)).sort()).toEqual(FILES);
    expect(readFileSync(join(runs, name, 'status'), 'latin1')).toBe(' '.repeat(1024));
    expect(statSync(join(runs, name)).mode & 0o777).toBe(0o700);
    for (const file of FILES) expect(statSync(join(runs, name, file)).mode & 0o777).toBe(file === 'artifacts' ? 0o700 : 0o600);
  }
  files.close();
  // One that is being made is finished first.
  await until(() => !readdirSync(runs).includes('.spare'));
  expect(readdirSync(runs).sort()).toEqual(['first', 'second', 'third']);
});

it('more are made beside presses that never pause', async () => {
  const files = new SpareFiles(runs);
  await until(() => spares() === 16);
  let pressed = 0;
  const press = (): void => {
    pressed += 1;
    files.make(join(runs, `run-${pressed}`));
  };
  for (let n = 0; n < 12; n += 1) press();
  expect(spares()).toBe(4);
  const pressing = setInterval(press, 10);
  await until(() => readdirSync(join(runs, '.spare')).some((name) => Number(name) > 16));
  clearInterval(pressing);
  expect(pressed).toBeGreaterThan(11);
  files.close();
  await until(() => !readdirSync(runs).includes('.spare'));
});

it('none are made beside presses that follow each other while enough are left, and more of them for the next time', async () => {
  const files = new SpareFiles(runs);
  const newest = (): number => Math.max(...readdirSync(join(runs, '.spare')).map(Number));
  await until(() => spares() === 16);
  const press = async (name: string): Promise<void> => {
    files.make(join(runs, name));
    await new Promise((next) => setImmediate(next));
  };
  for (let n = 0; n < 6; n += 1) await press(`a-${n}`);
  expect(spares()).toBe(10);
  expect(newest()).toBeLessThanOrEqual(16);
  await until(() => spares() === 16);
  // So many in a row that few are left: they will come again.
  for (let n = 0; n < 12; n += 1) await press(`b-${n}`);
  await until(() => spares() === 64);
  const made = newest();
  for (let n = 0; n < 40; n += 1) await press(`c-${n}`);
  expect(spares()).toBe(24);
  expect(newest()).toBeLessThanOrEqual(made);
  files.close();
});

it('one that is taken for nothing is taken away by its taker', async () => {
  const files = new SpareFiles(runs);
  await until(() => spares() === 16);
  const taken = files.take() ?? '';
  expect(readdirSync(taken).sort()).toEqual(FILES);
  removeFile(taken);
  files.close();
  await until(() => readdirSync(runs).length === 0);
  expect(new SpareFiles(runs).take()).toBeNull();
});

it('what a queued run has in its folder stays', async () => {
  const files = new SpareFiles(runs);
  await until(() => spares() > 0);
  mkdirSync(join(runs, 'queued'));
  writeFileSync(join(runs, 'queued/plan.json'), '{}');
  files.make(join(runs, 'queued'));
  expect(readdirSync(join(runs, 'queued')).sort()).toEqual([...FILES, 'plan.json'].sort());
  files.close();
});
