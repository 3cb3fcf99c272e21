import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../harness/client.ts';
import { until } from '../harness/until.ts';
import { finish, startTalk } from './runs.ts';
import { Stage } from './stage.ts';
import { Viewer } from './viewer.ts';

/** The platform takes an object out of memory while its sockets stand: nobody may notice. */

/** workerd does it after 10 s without an event. */
const IDLE_MS = 12_500;

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

test('an evicted Host object still knows its sockets, their sessions and their topics', async () => {
  const viewers = [new Viewer(client), new Viewer(client)];
  await until(() => viewers.every((viewer) => viewer.ready), 'both are connected');
  const gate = join(stage.home, 'gate-quiet');
  const started = await client.http('POST', '/api/runs', { script: 'quiet.sh', args: [gate] });
  const taskId = String(started.json().task_id);
  const watched = viewers.map((viewer) => viewer.watch(taskId));
  await until(() => watched.every(({ text }) => text.stdout === 'before\n'), 'both see the beginning');
  // What is done at intervals in the beginning is over then.
  await sleep(6000);
  const before = births();
  await sleep(IDLE_MS);
  finish({ taskId, gate, code: 0 });
  for (const viewer of viewers) await viewer.allEnded();
  expect(births(), 'the object was evicted').toBeGreaterThan(before);
  for (const run of watched) {
    expect(run.text.stdout).toBe('before\nafter\n');
    expect(run.ended).toBe('exit');
    expect({ attaches: run.attaches, lost: run.lost, repeated: run.repeated }).toEqual({ attaches: 1, lost: 0, repeated: 0 });
  }
  expect(viewers.map((viewer) => viewer.sockets)).toEqual([1, 1]);

  const again = births();
  await sleep(IDLE_MS);
  // A frame from a browser, to a host that has to be found anew.
  const talk = await startTalk(stage, client, 'after-eviction');
  const [viewer] = viewers;
  const next = viewer?.watch(talk.taskId);
  await until(() => (next?.cursor ?? 0) > 0, 'output arrives');
  viewer?.send({ type: 'cancel', task_id: talk.taskId });
  await until(() => next?.ended === 'cancelled', 'a cancel gets through');
  expect(births()).toBeGreaterThan(again);
  for (const each of viewers) each.close();
});
