import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Audit } from '../audit/audit.ts';
import { Scripts } from '../scripts/scripts.ts';
import { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import type { Caller } from '../users/caller.ts';
import { Actions } from './actions.ts';
import { seedActions } from './seed.ts';

let home: string;
let db: Database;
const admin: Caller = { user_id: 'local:0', username: 'local:root', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };

function services(scriptsDir: string | null = null): { actions: Actions; settings: Settings } {
  const audit = new Audit(db, { error: () => undefined });
  const settings = new Settings(db, audit, { home, scripts_dir: scriptsDir, version: '1' });
  return { settings, actions: new Actions({ database: db, scripts: new Scripts(settings), audit }) };
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-seed-'));
  db = openDatabase(join(home, 'toru.db'));
});
afterEach(() => {
  db.close();
  rmSync(home, { recursive: true, force: true });
});

it('fills the first screen with actions that can run, from the package’s own examples', async () => {
  const { actions, settings } = services();
  expect(await seedActions({ actions, settings })).toBe(true);
  const list = await actions.list(admin);
  expect(list.length).toBeGreaterThanOrEqual(3);
  expect(list[0]).toMatchObject({ id: 'hello', inputs: [{ name: 'name', required: false }], allow: 'everyone' });
  for (const action of list) {
    expect(action.problem, action.id).toBeNull();
    expect(statSync(join(settings.scripts_dir, 'script' in action ? action.script : '')).mode & 0o777).toBe(0o755);
  }
});

it('does it once: not again when the owner removed the actions', async () => {
  const { actions, settings } = services();
  await seedActions({ actions, settings });
  for (const { id } of await actions.list(admin)) actions.remove(null, id);
  expect(await seedActions({ actions, settings })).toBe(false);
  expect(actions.size).toBe(0);
});

it('leaves a folder with something in it alone, and one that the owner named', async () => {
  const { actions, settings } = services();
  writeFileSync(join(settings.scripts_dir, 'mine.sh'), '');
  expect(await seedActions({ actions, settings })).toBe(false);
  expect(readdirSync(settings.scripts_dir)).toEqual(['mine.sh']);
  const own = join(home, 'own');
  mkdirSync(own);
  expect(await seedActions(services(own))).toBe(false);
  expect(readdirSync(own)).toEqual([]);
});

it('makes no action without its script', async () => {
  const examples = join(home, 'examples');
  mkdirSync(examples);
  writeFileSync(join(examples, 'hello.sh'), '#!/bin/sh\n', { mode: 0o644 });
  const { actions, settings } = services();
  expect(await seedActions({ actions, settings, examples })).toBe(true);
  expect((await actions.list(admin)).map(({ id }) => id)).toEqual(['hello']);
  expect(existsSync(join(settings.scripts_dir, 'hello.sh')), 'hello.sh').toBe(true);
});
