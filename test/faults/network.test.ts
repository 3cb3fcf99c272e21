import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { ended, expectWhole, finish, startTalk } from './runs.ts';
import type { Stage } from './stage.ts';
import { onStage } from './stage.ts';
import type { Watched } from './viewer.ts';
import { Viewer } from './viewer.ts';

/** Nothing lost on a bad network: on the agent's side of the edge, and on the browser's. */

let stage: Stage;
let client: Client;

onStage((...opened) => {
  [stage, client] = opened;
});

const CUTS = scaled(10, 3);

test('a link that is cut again and again loses and repeats nothing', async () => {
  const viewer = new Viewer(client);
  const talk = await startTalk(stage, client, 'link-cut', { code: 3, pause: 0.005 });
  const watched = viewer.watch(talk.taskId);
  for (let cut = 0; cut < CUTS; cut += 1) {
    const { cursor } = watched;
    await eventually('output arrives', () => watched.cursor, { holds: (seen) => seen > cursor + 200 });
    // Not "is away", then "is back": the first wait of the backoff may be no time at all.
    const { hellos } = viewer;
    stage.linkNetwork.cut();
    await eventually('the agent has come again', () => viewer.hellos, { holds: (seen) => seen > hellos, limitMs: 40_000 });
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
    await eventually('output arrives', () => watched.cursor, { holds: (seen) => seen > cursor + 200 });
    const { hellos } = viewer;
    stage.browserNetwork.cut();
    // What had arrived before the cut may be read after it: only a greeting tells that there is another connection.
    await eventually('the browser has come again', () => viewer.hellos, { holds: (seen) => seen > hellos });
  }
  const { cursor } = watched;
  await eventually('output arrives after the last cut', () => watched.cursor, { holds: (seen) => seen > cursor });
  finish(talk);
  await viewer.allEnded();
  await expectWhole(client, watched, talk);
  expect(viewer.sockets).toBe(CUTS + 1);
  viewer.close();
});

/** A run that says more than any network here carries, watched from its beginning. */
async function startGush(viewer: Viewer): Promise<{ taskId: string; watched: Watched }> {
  const taskId = String((await client.http('POST', '/api/runs', { script: 'gush.sh' })).json().task_id);
  return { taskId, watched: viewer.watch(taskId) };
}

/** Stops it, waits until the viewer has caught up, and compares what arrived with what the host kept, byte for byte. */
async function expectAll(viewer: Viewer, taskId: string, watched: Watched): Promise<void> {
  viewer.send({ type: 'cancel', task_id: taskId });
  await viewer.allEnded(60_000);
  expect({ lost: watched.lost, repeated: watched.repeated, gaps: watched.gaps }).toEqual({ lost: 0, repeated: 0, gaps: 0 });
  const kept = createHash('sha256');
  for (let from = 0; ; ) {
    const { bytes } = await client.http('GET', `/api/runs/${taskId}/output?from=${from}`);
    if (bytes.length === 0) break;
    kept.update(bytes);
    from += bytes.length;
  }
  expect(createHash('sha256').update(watched.text.stdout).digest('hex')).toBe(kept.digest('hex'));
}

test('a slow and late network, with more to carry than it can, only delays', async () => {
  const viewer = new Viewer(client);
  for (const direction of ['up', 'down'] as const) stage.linkNetwork.delay(direction, 40);
  stage.linkNetwork.throttle('up', 2_000_000);
  const { taskId, watched } = await startGush(viewer);
  await eventually('output arrives', () => watched.cursor, { holds: (seen) => seen > scaled(30_000_000, 3_000_000), limitMs: 60_000 });
  stage.linkNetwork.heal();
  await expectAll(viewer, taskId, watched);
  viewer.close();
});

test('a network that stands still for a while in one direction, then in the other, delivers all of it later', async () => {
  const viewer = new Viewer(client);
  const { taskId, watched } = await startGush(viewer);
  for (const network of [stage.linkNetwork, stage.browserNetwork]) {
    for (const direction of ['up', 'down'] as const) {
      const { cursor } = watched;
      await eventually('output arrives', () => watched.cursor, { holds: (seen) => seen > cursor + 200_000 });
      network.stall(direction);
      await new Promise((resolve) => setTimeout(resolve, scaled(3000, 500)));
      network.heal();
    }
  }
  await expectAll(viewer, taskId, watched);
  // Shorter than anybody's deadline: no connection was given up.
  expect(viewer.sockets).toBe(1);
  viewer.close();
});

test('a download that the link’s end cuts short is seen to be short', async () => {
  const answer = await client.http('POST', '/api/runs', { script: 'mixed.sh', args: ['8000', '0', `${stage.home}/mark-download`] });
  const taskId = String(answer.json().task_id);
  const { output_bytes } = await ended(client, taskId, 60_000);
  const whole = await client.http('GET', `/api/runs/${taskId}/output`);
  expect(whole.bytes.length).toBe(output_bytes);
  // After the first packet, of 64 KiB at most, nothing comes for seconds: the cut is in the middle, however late it is.
  stage.linkNetwork.throttle('up', 5_000);
  const response = await fetch(`${stage.url}/api/runs/${taskId}/output`, { headers: { cookie: client.cookieHeader() } });
  expect(response.status).toBe(200);
  stage.linkNetwork.cut();
  await expect(response.arrayBuffer()).rejects.toThrow();
  stage.linkNetwork.heal();
  await stage.linked();
});
