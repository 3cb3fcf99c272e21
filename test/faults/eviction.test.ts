import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { finish } from './runs.ts';
import { Stage } from './stage.ts';
import { Viewer } from './viewer.ts';

/** The platform takes an object out of memory while its sockets stand: nobody may notice. */

/** workerd does it after 10 s without an event. The object's own alarms are events: in so long a silence there is a gap. */
const IDLE_MS = 30_000;
const ROUNDS = 6;

let stage: Stage;
let client: Client;

beforeAll(async () => {
  // The Worker as it was built, with a Host that counts how often it came to life.
  stage = await Stage.open({
    worker: (script) =>
      `${script.replace(/\bHost,/, 'CountedHost as Host,')}
class CountedHost extends Host {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS births (at INTEGER)');
    ctx.storage.sql.exec('INSERT INTO births VALUES (?)', Date.now());
  }
}`,
  });
  client = await stage.client();
});
afterAll(() => stage.close());

/** How often the Host object was made, by what it wrote down itself. */
function births(): number {
  const counts = readdirSync(stage.edgeFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => {
      const db = new Database(join(stage.edgeFolder, name), { readonly: true });
      try {
        const found = db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'births'`).get();
        return found === undefined ? 0 : Number(db.prepare('SELECT count(*) FROM births').pluck().get());
      } finally {
        db.close();
      }
    });
  return Math.max(...counts);
}

/** Two viewers of a run that is silent for so long that the object may be evicted, and then speaks. @returns whether it was. */
async function speakAfterSilence(viewers: readonly Viewer[], round: number): Promise<boolean> {
  const gate = join(stage.home, `gate-quiet-${round}`);
  const started = await client.http('POST', '/api/runs', { script: 'quiet.sh', args: [gate] });
  const taskId = String(started.json().task_id);
  const watched = viewers.map((viewer) => viewer.watch(taskId));
  await eventually('both see the beginning', () => watched.every(({ text }) => text.stdout === 'before\n'));
  const before = births();
  await sleep(IDLE_MS);
  finish({ taskId, gate, code: 0 });
  for (const viewer of viewers) await viewer.allEnded();
  for (const run of watched) {
    expect(run.text.stdout).toBe('before\nafter\n');
    expect(run.ended).toBe('exit');
    expect({ attaches: run.attaches, lost: run.lost, repeated: run.repeated }).toEqual({ attaches: 1, lost: 0, repeated: 0 });
  }
  return births() > before;
}

/** The same for a browser's frames: a cancel that goes to a host which has to be found again. */
async function cancelAfterSilence(viewer: Viewer, round: number): Promise<boolean> {
  const gate = join(stage.home, `gate-cancel-${round}`);
  const started = await client.http('POST', '/api/runs', { script: 'quiet.sh', args: [gate] });
  const taskId = String(started.json().task_id);
  const watched = viewer.watch(taskId);
  await eventually('the beginning is seen', () => watched.text.stdout, { holds: (seen) => seen === 'before\n' });
  const before = births();
  await sleep(IDLE_MS);
  viewer.send({ type: 'cancel', task_id: taskId });
  await eventually('the cancel gets through', () => watched.ended, { holds: (seen) => seen === 'cancelled' });
  return births() > before;
}

test('an evicted Host object still knows its sockets, their sessions and their topics', async () => {
  const one = new Viewer(client);
  const two = new Viewer(client);
  await eventually('both are connected', () => one.ready && two.ready);
  // An alarm in the middle of the silence keeps the object awake: then once more. All rounds have to be right.
  const speak = (round: number): Promise<boolean> => speakAfterSilence([one, two], round);
  const cancel = (round: number): Promise<boolean> => cancelAfterSilence(one, round);
  for (const silence of [speak, cancel]) {
    let evicted = false;
    for (let round = 0; round < ROUNDS && !evicted; round += 1) evicted = await silence(round);
    expect(evicted, 'the object was evicted').toBe(true);
  }
  expect([one.sockets, two.sockets]).toEqual([1, 1]);
  one.close();
  two.close();
}, 480_000);
