import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../tables.ts';
import { ownTables } from './own-tables.ts';

const STEPS = [
  'CREATE TABLE notes_notes (id INTEGER PRIMARY KEY) STRICT',
  "ALTER TABLE notes_notes ADD COLUMN text TEXT NOT NULL DEFAULT ''",
];
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-own-tables-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('each system has its own steps, each of them once, also over restarts', () => {
  const file = join(home, 'toru.db');
  for (const steps of [STEPS.slice(0, 1), STEPS, STEPS]) {
    const db = openDatabase(file);
    ownTables(db, 'notes', steps);
    ownTables(db, 'other', ['CREATE TABLE other (id INTEGER) STRICT']);
    db.close();
  }
  const db = openDatabase(file);
  expect(db.prepare('INSERT INTO notes_notes (text) VALUES (?)').run('one').changes).toBe(1);
  expect(() => ownTables(db, 'notes', STEPS.slice(0, 1))).toThrow('a newer Toru (2, this one knows 1)');
  db.close();
});

test('a step that fails changes nothing', () => {
  const db = openDatabase(join(home, 'toru.db'));
  expect(() => ownTables(db, 'notes', ['CREATE TABLE notes_a (id INTEGER) STRICT; CREATE TABLE broken'])).toThrow();
  ownTables(db, 'notes', ['CREATE TABLE notes_a (id INTEGER) STRICT']);
  db.close();
});
