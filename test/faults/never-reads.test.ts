import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { residentMiB } from './processes.ts';
import { ended, numbers } from './runs.ts';
import type { Stage } from './stage.ts';
import { onStage } from './stage.ts';
import { Viewer } from './viewer.ts';

/** Nobody starved: viewers that never read cost a bounded amount of memory, and delay nobody. */

const DEAF = scaled(100, 15);
/** A session may have 20 sockets, and a user 60 of them. */
const EACH = 15;
const FLOOD_MS = scaled(30_000, 8_000);
/**
 * The edge's budget of 32 MiB, and as much again for workerd's own copies and buffers. The agent reads 256 KiB ahead for each,
 * and its collector takes its time on a busy machine. Without a bound it is what is printed, for each of them: 300 MB.
 */
const EDGE_MIB = 96;
const AGENT_MIB = scaled(128, 64);

let stage: Stage;
let client: Client;

onStage((...opened) => {
  [stage, client] = opened;
});

/** Attaches to a run, and reads nothing more from then on. */
async function deafViewer(who: Client, taskId: string): Promise<WebSocket> {
  const socket = new WebSocket(`${who.origin.replace('http', 'ws')}/api/ws`, {
    headers: { origin: who.origin, cookie: who.cookieHeader() },
  });
  await new Promise((resolve) => socket.once('message', resolve));
  socket.send(JSON.stringify({ type: 'attach', task_id: taskId, from: 0 }));
  socket.pause();
  return socket;
}

test(`${DEAF} viewers of a flood that never read`, async () => {
  const flood = String((await client.http('POST', '/api/runs', { script: 'gush.sh' })).json().task_id);
  const reader = new Viewer(client);
  const watched = reader.watch(flood);
  await eventually('the flood flows', () => watched.cursor, { holds: (seen) => seen > 5_000_000 });
  const before = { edge: residentMiB(stage.workerdPid), agent: residentMiB(stage.agentPid) };

  const deaf: WebSocket[] = [];
  for (const group of numbers(Math.ceil(DEAF / EACH))) {
    const who = group === 0 ? client : await stage.anotherAdmin(`deaf-${group}`);
    deaf.push(...(await Promise.all(numbers(Math.min(EACH, DEAF - group * EACH)).map(() => deafViewer(who, flood)))));
  }
  expect(deaf.length).toBe(DEAF);
  const most = { edge: 0, agent: 0 };
  const { cursor } = watched;
  for (const until = Date.now() + FLOOD_MS; Date.now() < until; await sleep(200)) {
    most.edge = Math.max(most.edge, residentMiB(stage.workerdPid) - before.edge);
    most.agent = Math.max(most.agent, residentMiB(stage.agentPid) - before.agent);
  }
  await eventually('who reads is served', () => watched.cursor - cursor, { holds: (seen) => seen > 2_000_000, limitMs: 60_000 });
  expect({ lost: watched.lost, repeated: watched.repeated }).toEqual({ lost: 0, repeated: 0 });
  expect(most.edge, 'MiB at the edge').toBeLessThan(EDGE_MIB);
  expect(most.agent, 'MiB at the agent').toBeLessThan(AGENT_MIB);

  // In the middle of it, a keystroke's worth of work and a cancel get through.
  const quick = String((await client.http('POST', '/api/runs', { script: 'exit.sh', args: ['0'] })).json().task_id);
  expect(await ended(client, quick)).toMatchObject({ state: 'exited' });
  reader.send({ type: 'cancel', task_id: flood });
  expect(await ended(client, flood)).toMatchObject({ state: 'cancelled' });
  for (const socket of deaf) socket.terminate();
  reader.close();
}, 180_000);
