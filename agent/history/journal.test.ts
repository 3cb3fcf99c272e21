import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../store/database.ts';
import { openFile } from '../store/database.ts';
import { Journal } from './journal.ts';

const PAGE_BYTES = 4096;
/** More than SQLite lets gather by itself before it empties the log. */
const PAGES = 1500;
const PAGES_A_WRITE = 10;

let folder: string;
let db: Database;
let journal: Journal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-journal-'));
  db = openFile(join(folder, 'it.db'), ['CREATE TABLE things (bytes BLOB)']);
  journal = new Journal(db);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = (): bigint => statSync(join(folder, 'it.db'), { bigint: true }).mtimeNs;
const log = (): number => statSync(join(folder, 'it.db-wal')).size;

/** Writes in a row, each a commit, without a pause. */
function series(pages: number): void {
  for (let written = 0; written < pages; written += PAGES_A_WRITE) {
    void journal.write(() => db.prepare('INSERT INTO things VALUES (zeroblob(?))').run(PAGES_A_WRITE * PAGE_BYTES));
    journal.flush();
  }
}

it('puts commits that follow each other into the log only, and brings them into the tables in a pause', async () => {
  const before = file();
  series(PAGES);
  expect(file()).toBe(before);
  await expect.poll(file, { timeout: 20_000 }).toBeGreaterThan(before);
});

it('begins the log again after a pause: the next commits overwrite what it has on the disk', async () => {
  const before = file();
  series(100);
  await expect.poll(file, { timeout: 20_000 }).toBeGreaterThan(before);
  const size = log();
  series(50);
  expect(log()).toBe(size);
});

it('keeps the log within bounds where there is no pause', () => {
  series(6000);
  expect(log()).toBeLessThan(20 * 1024 * 1024);
});

it('lets go of a database that is closed before the pause', async () => {
  series(PAGES_A_WRITE);
  db.close();
  await new Promise((next) => setTimeout(next, 300));
  expect(db.open).toBe(false);
});
