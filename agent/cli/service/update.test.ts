import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import SQLite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { accountOf } from '../accounts.ts';
import type { Io } from '../io.ts';
import { removeHome } from './home-of-service.ts';
import { clone, globalPackage } from './installed-package.ts';
import type { Step } from './step.ts';
import { systemd } from './systemd-manager.ts';
import type { Running } from './update.ts';
import { update } from './update.ts';

/** Packages in a folder of the test, and a service that is two commands; the real ones: .ci/booted-systemd. */

let folder: string;
let root: string;
let home: string;
let agent: Server | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-update-'));
  root = join(folder, 'lib/node_modules/toru');
  home = join(folder, 'home');
  mkdirSync(root, { recursive: true });
  mkdirSync(home, { mode: 0o700 });
  setVersion('1.0.0');
  const db = new SQLite(join(home, 'toru.db'));
  db.pragma('user_version = 1');
  db.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('kept')");
  db.close();
});
afterEach(async () => {
  await new Promise((resolve) => (agent === null ? resolve(null) : agent.close(resolve)));
  agent = null;
  rmSync(folder, { recursive: true, force: true });
});

const setVersion = (version: string): void => writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'toru', version }));
const printed: string[] = [];
const sink = { isTTY: false, columns: 80, write: async (data: string | Uint8Array) => void printed.push(String(data)) };
const io: Io = { out: sink, err: sink, input: Readable.from([]), keyboard: null, env: {}, interrupted: new AbortController().signal };

/** A service whose starts are what the test says; an agent that answers as linked is up after those that succeed. */
function service(starts: boolean[]): Running {
  const next = (): Step => ({ kind: 'run', command: [starts.shift() === true ? 'true' : 'false'] });
  const stop = (): Step => ({ kind: 'run', command: ['true'] });
  return { manager: { ...systemd({}), restart: next, start: next, stop }, scope: 'user', home };
}

async function answering(): Promise<void> {
  agent = createServer((_, answer) =>
    answer.setHeader('content-type', 'application/json').end(JSON.stringify({ edge: { linked: true, problem: null } })),
  );
  await new Promise<void>((resolve) => agent?.listen(join(home, 'api.sock'), resolve));
}

const LIMIT_MS = 5000;

test('a new version that is linked stays, and leaves no copy', async () => {
  await answering();
  const replaced = { replace: () => setVersion('2.0.0'), goBack: () => setVersion('1.0.0') };
  expect(await update(root, replaced, service([true]), io, LIMIT_MS)).toBe(0);
  expect(printed.join('')).toMatch(/2\.0\.0 is installed.*in the place of 1\.0\.0/);
  expect(readdirSync(home).filter((name) => name.includes('update'))).toEqual([]);
});

test('one that does not start is taken back; the database of one that changed tables, too', async () => {
  await answering();
  const wentBack: string[] = [];
  const replaced = {
    replace: () => {
      setVersion('2.0.0');
      const db = new SQLite(join(home, 'toru.db'));
      db.pragma('user_version = 9');
      db.close();
    },
    goBack: () => {
      setVersion('1.0.0');
      wentBack.push('went back');
    },
  };
  expect(await update(root, replaced, service([false, false, true]), io, LIMIT_MS)).toBe(125);
  expect(wentBack).toEqual(['went back']);
  const db = new SQLite(join(home, 'toru.db'));
  expect([db.pragma('user_version', { simple: true }), db.prepare('SELECT x FROM t').pluck().get()]).toEqual([1, 'kept']);
  db.close();
  expect(existsSync(join(home, 'toru.db.of-failed-update')), 'what the newer one wrote').toBe(true);
});

test('the database stays where the version before can read it', async () => {
  await answering();
  expect(await update(root, { replace: () => undefined, goBack: () => undefined }, service([false, true]), io, LIMIT_MS)).toBe(125);
  expect(existsSync(join(home, 'toru.db.of-failed-update')), 'what the newer one wrote').toBe(false);
});

test('a package is put back as it was; what npm did not install says how it was', () => {
  writeFileSync(join(root, 'file'), 'old');
  const bad = globalPackage(root, join(folder, 'missing.tgz'));
  expect(() => bad.replace()).toThrow(/npm install --global/);
  setVersion('2.0.0');
  rmSync(join(root, 'file'));
  bad.goBack();
  expect(existsSync(join(root, 'file')), 'what the one before had').toBe(true);
  expect(readdirSync(join(folder, 'lib/node_modules')).sort()).toEqual(['.toru-last', 'toru']);
  expect(() => globalPackage(join(folder, 'node_modules/toru'), 'x.tgz')).toThrow(/Install the new one as you did this one/);
});

test('a folder that is no clone says what git says', () => {
  expect(accountOf('no-such-user-here')).toBeNull();
  expect(() => clone(root)).toThrow(/git rev-parse HEAD: .*not a git repository/s);
});

test('a home is removed with all that is in it', () => {
  mkdirSync(join(home, 'runs/1'), { recursive: true });
  removeHome(home);
  expect(existsSync(home), home).toBe(false);
});
