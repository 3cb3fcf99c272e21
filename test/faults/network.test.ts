import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../harness/client.ts';
import { until } from '../harness/until.ts';
import { expectWhole, finish, startTalk } from './runs.ts';
import { scaled } from './scale.ts';
import { Stage } from './stage.ts';
import { Viewer } from './viewer.ts';

/** Nothing lost on a bad network: on the agent's side of the edge, and on the browser's. */

let stage: Stage;
let client: Client;

beforeAll(async () => {
  stage = await Stage.open();
  client = await stage.client();
});
afterAll(() => stage.close());

const CUTS = scaled(10, 3);

test('a link that is cut again and again loses and repeats nothing', async () => {
  const viewer = new Viewer(client);
  const talk = await startTalk(stage, client, 'link-cut', { code: 3, pause: 0.005 });
  const watched = viewer.watch(talk.taskId);
  for (let cut = 0; cut < CUTS; cut += 1) {
    const { cursor } = watched;
    await until(() => watched.cursor > cursor + 200, 'output arrives');
    stage.linkNetwork.cut();
    await until(() => viewer.online === false, 'the browser is told that the host is away');
    await until(() => viewer.ready, 'the agent is back', 40_000);
  }
  finish(talk);
  await viewer.allEnded();
  await expectWhole(client, watched, talk);
  expect(viewer.sockets).toBe(1);
  viewer.close();
});

test('a browser whose connection is cut again and again gets every byte once', async () => {
  const viewer = new Viewer(client);
  const talk = await startTalk(stage, client, 'browser-cut', { pause: 0.005 });
  const watched = viewer.watch(talk.taskId);
  for (let cut = 0; cut < CUTS; cut += 1) {
    const { cursor } = watched;
    await until(() => watched.cursor > cursor + 200, 'output arrives');
    stage.browserNetwork.cut();
  }
  const { cursor } = watched;
  await until(() => watched.cursor > cursor, 'output arrives after the last cut');
  finish(talk);
  await viewer.allEnded();
  await expectWhole(client, watched, talk);
  expect(viewer.sockets).toBe(CUTS + 1);
  viewer.close();
});

test('a slow and late network only delays', async () => {
  const viewer = new Viewer(client);
  for (const direction of ['up', 'down'] as const) {
    stage.linkNetwork.delay(direction, 40);
    stage.browserNetwork.throttle(direction, 200_000);
  }
  const talk = await startTalk(stage, client, 'slow', { pause: 0.002 });
  const watched = viewer.watch(talk.taskId);
  await until(() => watched.cursor > scaled(400_000, 40_000), 'output arrives', 60_000);
  finish(talk);
  await viewer.allEnded(60_000);
  stage.linkNetwork.heal();
  stage.browserNetwork.heal();
  await expectWhole(client, watched, talk);
  viewer.close();
});

test('a network that stands still for a while in one direction, then in the other, delivers all of it later', async () => {
  const viewer = new Viewer(client);
  const talk = await startTalk(stage, client, 'still', { pause: 0.005 });
  const watched = viewer.watch(talk.taskId);
  for (const network of [stage.linkNetwork, stage.browserNetwork]) {
    for (const direction of ['up', 'down'] as const) {
      const { cursor } = watched;
      await until(() => watched.cursor > cursor + 200, 'output arrives');
      network.stall(direction);
      await new Promise((resolve) => setTimeout(resolve, scaled(3000, 400)));
      network.heal();
    }
  }
  finish(talk);
  await viewer.allEnded();
  await expectWhole(client, watched, talk);
  // Shorter than anybody's deadline: no connection was given up.
  expect(viewer.sockets).toBe(1);
  viewer.close();
});
