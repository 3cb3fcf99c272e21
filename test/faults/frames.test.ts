import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { BACKOFF_MAX_MS, MAX_VIEWER_WINDOW, UNPROVEN_SOCKETS } from '../../shared/limits.ts';
import { CONTROL, LINK_PATH } from '../../shared/link-protocol.ts';
import { scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Message } from './frame-proxy.ts';
import { FrameProxy } from './frame-proxy.ts';
import { isRunning } from './processes.ts';
import { ended, expectWhole, finish, numbers, startTalk } from './runs.ts';
import { Stage } from './stage.ts';
import { Viewer } from './viewer.ts';

/** Frames that come twice, in another order, or from somebody who means harm: at the browser's socket and at the agent's. */

let stage: Stage;
let client: Client;
let frames: FrameProxy;

beforeAll(async () => {
  stage = await Stage.open();
  client = await stage.client();
  frames = await FrameProxy.before(stage.linkNetwork.url);
  await stage.stopAgent();
  await stage.startAgent({ env: { TORU_EDGE_URL: frames.url } });
  await stage.linked();
});
afterAll(async () => {
  await stage.close();
  await frames.close();
});

/** A browser's frames on the link, of these kinds. */
function isClientFrame(message: Message, ...kinds: string[]): boolean {
  return typeof message === 'string' && message.startsWith('c/') && kinds.some((kind) => message.includes(`"type":"${kind}"`));
}

test('a press and a cancel that come three times start one run and are one cancel', async () => {
  frames.down = (message) => (isClientFrame(message, 'run', 'cancel') ? [message, message, message] : [message]);
  const viewer = new Viewer(client);
  const socket = await client.openSocket();
  const gate = `${stage.home}/gate-thrice`;
  const taskId = await socket.run({ script: 'talk.sh', args: [gate, '2'] });
  const watched = viewer.watch(taskId);
  await socket.eventually('an answer to each press', () => socket.of('started').length + socket.of('error').length >= 3);
  expect(socket.of('started').map((frame) => frame.task_id)).toEqual([taskId, taskId, taskId]);
  finish({ taskId, gate, code: 2 });
  await viewer.allEnded();
  await expectWhole(client, watched, { taskId, gate, code: 2 });

  const talk = await startTalk(stage, client, 'cancelled-thrice');
  const other = viewer.watch(talk.taskId);
  await eventually('output flows', () => other.cursor, { holds: (seen) => seen > 0 });
  viewer.send({ type: 'cancel', task_id: talk.taskId });
  expect(await ended(client, talk.taskId)).toMatchObject({ state: 'cancelled' });
  await eventually('the viewer is told', () => other.ended, { holds: (seen) => seen === 'cancelled' });
  const audit = (await client.http('GET', '/api/audit?event=run.cancel')).json();
  expect(audit.items.filter((entry: { target: string }) => entry.target === talk.taskId).length).toBe(1);
  expect(viewer.errors).toEqual([]);
  frames.down = (message) => [message];
  viewer.close();
});

test('acknowledgements that come twice, and old ones after newer ones, take no credit back', async () => {
  let first: Message | null = null;
  frames.down = (message) => {
    if (!isClientFrame(message, 'ack')) return [message];
    first ??= message;
    return [message, message, first];
  };
  const viewer = new Viewer(client);
  const taskId = String((await client.http('POST', '/api/runs', { script: 'gush.sh' })).json().task_id);
  const watched = viewer.watch(taskId);
  // More than a window: without credit it would stand still before that.
  await eventually('output flows', () => watched.cursor, { holds: (seen) => seen > scaled(20, 5) * MAX_VIEWER_WINDOW, limitMs: 60_000 });
  expect({ lost: watched.lost, repeated: watched.repeated }).toEqual({ lost: 0, repeated: 0 });
  viewer.send({ type: 'cancel', task_id: taskId });
  await eventually('the viewer is told', () => watched.ended, { holds: (seen) => seen === 'cancelled', limitMs: 30_000 });
  frames.down = (message) => [message];
  viewer.close();
});

test('what the two sides of the link say to each other may come twice', async () => {
  const twice = (message: Message): Message[] =>
    typeof message === 'string' && message.startsWith(`${CONTROL}\0`) ? [message, message] : [message];
  frames.down = twice;
  frames.up = twice;
  const viewers = numbers(4).map(() => new Viewer(client));
  const talk = await startTalk(stage, client, 'control-twice', { code: 1 });
  const watched = viewers.map((viewer) => viewer.watch(talk.taskId));
  await eventually('all see it', () => watched.every(({ cursor }) => cursor > 0));
  for (const viewer of viewers) viewer.drop();
  await eventually('all are back', () => viewers.every(({ sockets, ready }) => sockets === 2 && ready));
  finish(talk);
  for (const viewer of viewers) await viewer.allEnded();
  for (const run of watched) await expectWhole(client, run, talk);
  frames.down = (message) => [message];
  frames.up = (message) => [message];
  for (const viewer of viewers) viewer.close();
});

/** Each with what it must be answered with; null: nothing, or anything. */
const HOSTILE: readonly (readonly [string | Uint8Array, string | null])[] = [
  ['', 'bad_json'],
  ['{', 'bad_json'],
  ['null', null],
  ['[]', null],
  ['"run"', null],
  ['[[[[[[[[[[', 'bad_json'],
  [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'bad_json'],
  [`{"type":"run","inputs":${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}}`, 'bad_json'],
  ['{"type":"nothing"}', 'unknown_type'],
  ['{"type":{"type":"run"}}', null],
  ['{"type":"__proto__"}', 'unknown_type'],
  ['{"__proto__":{"type":"ping"},"type":"constructor"}', 'unknown_type'],
  ['{"type":"run"}', 'bad_frame'],
  ['{"type":"run","script":"../../../etc/passwd"}', null],
  ['{"type":"run","script":"exit.sh\\u0000.txt"}', null],
  ['{"type":"run","script":"exit.sh","args":[1,2]}', 'bad_frame'],
  ['{"type":"run","script":"exit.sh","args":["\\u0000"]}', null],
  [`{"type":"run","script":"exit.sh","args":["${'x'.repeat(200_000)}"]}`, null],
  ['{"type":"run","script":"exit.sh","action":"hello"}', 'bad_frame'],
  ['{"type":"run","script":"exit.sh","request_id":"not a uuid"}', 'bad_frame'],
  ['{"type":"attach","task_id":"../../toru.db"}', 'bad_frame'],
  ['{"type":"attach","task_id":"00000000-0000-4000-8000-000000000000","from":-1}', 'bad_frame'],
  ['{"type":"attach","task_id":"00000000-0000-4000-8000-000000000000","from":1e308}', 'bad_frame'],
  ['{"type":"attach","task_id":"00000000-0000-4000-8000-000000000000"}', 'unknown_task'],
  ['{"type":"cancel","task_id":"00000000-0000-4000-8000-000000000000"}', 'unknown_task'],
  ['{"type":"ack","task_id":"00000000-0000-4000-8000-000000000000","cursor":9007199254740991}', null],
  ['{"type":"subscribe","topic":"run/00000000-0000-4000-8000-000000000000"}', 'bad_frame'],
  [new Uint8Array([0, 1, 2, 255]), 'bad_frame'],
  [randomBytes(5000), 'bad_frame'],
  [`{"type":"ping","x":"${'y'.repeat(300 * 1024)}"}`, 'too_large'],
];

test('hostile frames of a browser are answered, and its socket and everybody else’s live on', async () => {
  const bystander = new Viewer(client);
  const talk = await startTalk(stage, client, 'bystander');
  const watched = bystander.watch(talk.taskId);
  const socket = await client.openSocket();
  for (const [frame, code] of HOSTILE) {
    const before = socket.frames.length;
    socket.sendRaw(frame);
    if (code !== null) {
      await socket.eventually(`${code} for ${String(frame).slice(0, 80)}`, (all) =>
        all.slice(before).some((answer) => answer.type === 'error' && answer.code === code),
      );
    }
  }
  expect(socket.closed).toBeNull();
  const task = await socket.run({ script: 'exit.sh', args: ['9'] });
  expect((await socket.next('exit', task)).code).toBe(9);
  await eventually('output flows', () => watched.cursor, { holds: (seen) => seen > 0 });
  finish(talk);
  await bystander.allEnded();
  await expectWhole(client, watched, talk);
  bystander.close();
});

const CONN = 'f'.repeat(32);
const LIES: readonly Message[] = [
  'no topic at all',
  '',
  `${CONTROL}\0`,
  `${CONTROL}\0{`,
  `${CONTROL}\0null`,
  `${CONTROL}\0{"type":"of the future","with":"things"}`,
  `${CONTROL}\0{"type":"closed","conn":"${CONN}"}`,
  `${CONTROL}\0{"type":"revoked","id":"none"}`,
  `${CONTROL}\0{"type":"grant","conn":"${CONN}","grant":"x.y"}`,
  `${CONTROL}\0{"type":"open","conn":"${CONN}","sid":"${'0'.repeat(64)}","grant":"aaaa.bbbb","address":"127.0.0.1","user_agent":""}`,
  `c/${CONN}\0{"type":"run","script":"exit.sh"}`,
  `c/\0{}`,
  `t/run/x\0{}`,
  `${'x'.repeat(500)}\0{}`,
  `__proto__\0{}`,
  Buffer.from([0]),
  Buffer.from(`h/${CONN}\0`),
  Buffer.concat([Buffer.from(`h/${CONN}\0`), randomBytes(300)]),
  Buffer.concat([Buffer.from(`h/${CONN}\0`), Buffer.from([0]), Buffer.from('{"method":"POST"}')]),
  Buffer.alloc(100_000, 7),
];

test('an edge that lies, and an agent that lies, harm neither: the link and the runs go on', async () => {
  const viewer = new Viewer(client);
  const talk = await startTalk(stage, client, 'among-liars', { code: 8 });
  const watched = viewer.watch(talk.taskId);
  await eventually('output flows', () => watched.cursor, { holds: (seen) => seen > 0 });
  const agent = stage.agentPid;
  const { links } = frames;
  const runs = (await client.http('GET', '/api/runs?limit=200')).json().items.length;
  for (const lie of LIES) frames.tellAgent(lie);
  for (const lie of LIES) frames.tellEdge(lie);
  for (const type of ['join', 'leave']) frames.tellEdge(`${CONTROL}\0${JSON.stringify({ type, conn: CONN, topic: 'system' })}`);
  const { cursor } = watched;
  await eventually('output goes on', () => watched.cursor, { holds: (seen) => seen > cursor });
  expect(isRunning(agent), 'the process lives').toBe(true);
  expect(frames.links).toBe(links);
  expect((await client.http('GET', '/api/runs?limit=200')).json().items.length).toBe(runs);

  // One that is larger than any frame ends the link, and nothing else.
  frames.tellAgent(Buffer.alloc(3 * 1024 * 1024, 1));
  await eventually('the agent dials again', () => frames.links, { holds: (seen) => seen > links });
  await stage.linked();
  finish(talk);
  await viewer.allEnded();
  await expectWhole(client, watched, talk);
  expect(isRunning(agent), 'the process lives').toBe(true);
  viewer.close();
});

/** Somebody at the agent's socket, who does this when asked to prove who he is. */
function stranger(host: string, challenged: (socket: WebSocket) => void): Promise<{ opened: boolean; socket: WebSocket }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${stage.linkNetwork.url.replace('http', 'ws')}${LINK_PATH}?host=${host}`);
    socket.on('error', () => resolve({ opened: false, socket }));
    socket.on('message', () => {
      challenged(socket);
      resolve({ opened: true, socket });
    });
  });
}

test('strangers at the agent’s socket are shut out, and can’t keep the agent out', async () => {
  const host = String((await client.http('GET', '/api/hosts')).json().items[0].id);
  const liars = [(socket: WebSocket) => socket.send('{"type":"proof"}'), (socket: WebSocket) => socket.send(randomBytes(100_000))];
  for (const lie of liars) {
    const { socket } = await stranger(host, lie);
    await eventually('a liar is shut out', () => socket.readyState, { holds: (seen) => seen === WebSocket.CLOSED });
  }
  const talk = await startTalk(stage, client, 'among-strangers');
  const viewer = new Viewer(client);
  const watched = viewer.watch(talk.taskId);
  await eventually('output flows', () => watched.cursor, { holds: (seen) => seen > 0 });
  const strangers = await Promise.all(numbers(40).map(() => stranger(host, () => undefined)));
  expect(strangers.filter(({ opened }) => opened).length).toBe(UNPROVEN_SOCKETS);
  // The agent has to come back while they hold all places: those are taken from them within 10 s.
  frames.cut();
  await eventually('the browser is told', () => viewer.online, { holds: (seen) => seen === false });
  // 10 s of refusals, and after the last of them a wait of up to 30 s: that is the backoff's.
  await eventually('the agent is linked', () => stage.online(), 10_000 + BACKOFF_MAX_MS + 20_000);
  const { cursor } = watched;
  await eventually('output goes on', () => watched.cursor, { holds: (seen) => seen > cursor, limitMs: 30_000 });
  finish(talk);
  await viewer.allEnded();
  await expectWhole(client, watched, talk);
  for (const { socket } of strangers) socket.terminate();
  viewer.close();
});
