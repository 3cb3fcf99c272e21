import { expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { expectWhole, finish, numbers, startTalk } from './runs.ts';
import type { Stage } from './stage.ts';
import { onStage } from './stage.ts';
import { Viewer } from './viewer.ts';

/** Live streams across the death of the edge, and of the agent: 0 bytes lost, 0 repeated, every end recorded. */

const STREAMS = scaled(100, 20, 8);
/** Of one browser; a connection may watch 48. */
const EACH = 25;

let stage: Stage;
let client: Client;

onStage((...opened) => {
  [stage, client] = opened;
});

test(`${STREAMS} live streams across kill -9 of the edge and of the agent`, async () => {
  const viewers = numbers(Math.ceil(STREAMS / EACH)).map(() => new Viewer(client));
  const talks = await Promise.all(numbers(STREAMS).map((i) => startTalk(stage, client, `live-${i}`, { code: i % 7, pause: 0.1 })));
  const watched = talks.map((talk, i) => viewers[Math.floor(i / EACH)]?.watch(talk.taskId)).filter((run) => run !== undefined);
  expect(watched.length).toBe(STREAMS);

  const flowing = async (when: string): Promise<void> => {
    const before = watched.map(({ cursor }) => cursor);
    await eventually(`no stream stands still ${when}`, () => watched.filter(({ cursor }, i) => cursor <= (before[i] ?? 0)).length, {
      holds: (seen) => seen === 0,
      limitMs: 60_000,
    });
  };
  await flowing('at first');

  await stage.killEdge();
  await flowing('after the edge was killed');

  await stage.killAgent();
  await stage.startAgent();
  await flowing('after the agent was killed');

  // Both at once.
  const edge = stage.killEdge();
  await stage.killAgent();
  await stage.startAgent();
  await edge;
  await flowing('after both were killed');

  await stage.stopAgent();
  await stage.startAgent();
  await flowing('after the agent was updated');

  for (const talk of talks) finish(talk);
  for (const viewer of viewers) await viewer.allEnded(60_000);
  for (const [i, talk] of talks.entries()) {
    const run = watched[i];
    if (run === undefined) throw new Error('unreachable');
    await expectWhole(client, run, talk);
  }
  for (const viewer of viewers) viewer.close();
});

test('runs that end while the agent is dead are found ended, with their whole output', async () => {
  const viewer = new Viewer(client);
  const talks = await Promise.all(numbers(5).map((i) => startTalk(stage, client, `meanwhile-${i}`, { code: i })));
  const watched = talks.map((talk) => viewer.watch(talk.taskId));
  await eventually('all streams flow', () => watched.every(({ cursor }) => cursor > 0));
  await stage.killAgent();
  for (const talk of talks) finish(talk);
  await eventually('the browser is told', () => viewer.online, { holds: (seen) => seen === false });
  await stage.startAgent();
  await viewer.allEnded();
  for (const [i, talk] of talks.entries()) {
    const run = watched[i];
    if (run === undefined) throw new Error('unreachable');
    await expectWhole(client, run, talk);
  }
  viewer.close();
});
