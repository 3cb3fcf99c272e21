import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEPT_BYTES, SEGMENT_BYTES, TERMINAL_WINDOW } from '../../shared/terminal-limits.ts';
import type { TerminalFrameInput, TerminalServerFrame } from '../../shared/terminals.ts';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { Streams } from '../logs/streams.ts';
import type { OutputTransport, ViewerPort } from '../logs/viewers.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { Screens } from './screens.ts';
import { TerminalSocket } from './terminal-socket.ts';

let api: ApiHarness;
let client: Caller;
let streams: Streams;
let screens: Screens;
const joined = new Map<string, Set<ViewerPort>>();
const transport: OutputTransport = {
  turn: (callback) => void setImmediate(() => callback(64 * 1024)),
  publish: (topic, frame) => {
    for (const port of joined.get(topic) ?? []) port.send(frame);
  },
  clear: (topic) => void joined.delete(topic),
};
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
  screens = new Screens({ terminals: api.services.terminals, log: { warn: () => undefined }, limits: { screenMs: 60_000 } });
  streams = new Streams(
    { log: (id) => api.services.terminals.log(id), endFrames: (id) => api.services.terminals.endFrames(id) },
    transport,
  );
});
afterAll(async () => {
  screens.close();
  await api.close();
});

/** One browser. */
class Viewer {
  readonly frames: TerminalServerFrame[] = [];
  readonly #socket: TerminalSocket;
  readonly #who: Caller;

  constructor(who: Caller = api.admin) {
    this.#who = who;
    const port: ViewerPort = {
      send: (frame) => void this.frames.push(JSON.parse(typeof frame === 'string' ? frame : Buffer.from(frame.utf8, 'latin1').toString())),
      join: (topic) => void joined.set(topic, (joined.get(topic) ?? new Set()).add(port)),
      leave: (topic) => void joined.get(topic)?.delete(port),
    };
    this.#socket = new TerminalSocket({ terminals: api.services.terminals, screens, streams }, port, () => false);
  }

  send(frame: TerminalFrameInput): Promise<void> {
    return this.#socket.receive(this.#who, TerminalSocket.read(frame));
  }

  types(): (string | boolean)[] {
    return this.frames.map((frame) => (frame.type === 'answers' ? frame.answers : frame.type)).filter((type) => type !== 'output');
  }

  close(): void {
    this.#socket.close();
  }
}

async function open(...command: string[]): Promise<string> {
  return terminalShape.parse((await api.ask(api.admin, 'POST', '/api/terminals', { command })).json).id;
}
const remove = (id: string) => api.ask(api.admin, 'DELETE', `/api/terminals/${id}`);

test('a viewer of a terminal is told of a small window: what is on its way stands before the answer to ^C', async () => {
  const id = await open('sh', '-c', 'yes "a line of a flood"');
  const viewer = new Viewer();
  await viewer.send({ type: 'attach', terminal_id: id, from: 0 });
  expect(viewer.frames[0]).toMatchObject({ type: 'attached', window: TERMINAL_WINDOW });
  const bytes = (): number => viewer.frames.reduce((sum, frame) => sum + (frame.type === 'output' ? frame.data.length : 0), 0);
  await expect.poll(bytes).toBeGreaterThan(TERMINAL_WINDOW - 64 * 1024);
  // It acknowledges nothing: its program is stopped, too.
  await expect.poll(() => api.services.terminals.log(id).end).toBeGreaterThan(TERMINAL_WINDOW);
  expect(bytes()).toBeLessThanOrEqual(TERMINAL_WINDOW);
  viewer.close();
  await remove(id);
});

test('a screen comes first, then what is printed after it, each byte once', async () => {
  const id = await open('sh', '-c', 'echo before; read x; echo "after $x"; sleep 600');
  await expect.poll(() => api.services.terminals.log(id).end).toBeGreaterThan(6);
  const viewer = new Viewer();
  await viewer.send({ type: 'attach', terminal_id: id, from: 'screen' });
  expect(viewer.types()).toEqual(['attached', 'screen', true]);
  const screen = viewer.frames.find((frame) => frame.type === 'screen');
  expect(screen).toMatchObject({ data: expect.stringContaining('before'), cursor: 8, cols: 80, rows: 24 });
  await viewer.send({ type: 'input', terminal_id: id, data: 'it\r' });
  const printed = (): string => viewer.frames.map((frame) => (frame.type === 'output' ? frame.data : '')).join('');
  await expect.poll(printed).toBe('it\r\nafter it\r\n');
  viewer.close();
  await remove(id);
});

test('one of its viewers answers: who is there longest, who typed last, and none who may only look', async () => {
  const id = await open('cat');
  await api.ask(api.admin, 'PUT', `/api/terminals/${id}/shares/${client.user_id}`, { right: 'look' });
  const [looks, first, second] = [new Viewer(client), new Viewer(), new Viewer()];
  for (const viewer of [looks, first, second]) await viewer.send({ type: 'attach', terminal_id: id, from: 0 });
  expect([looks, first, second].map((viewer) => viewer.types())).toEqual([['attached'], ['attached', true], ['attached']]);
  await second.send({ type: 'input', terminal_id: id, data: 'x\r' });
  expect(first.types().at(-1)).toBe(false);
  expect(second.types().at(-1)).toBe(true);
  second.close();
  expect(first.types().at(-1)).toBe(true);
  // Where one ends and the other begins is one and the same byte.
  const froms = [first, second].flatMap(({ frames }) => frames.flatMap((frame) => (frame.type === 'answers' ? [frame.from] : [])));
  expect(froms[1]).toBe(froms[3]);
  first.close();
  await api.ask(api.admin, 'PUT', `/api/terminals/${id}/shares/${client.user_id}`, { right: 'type' });
  expect(looks.types().at(-1)).toBe(true);
  looks.close();
  await remove(id);
});

test('what a terminal answers nobody typed: it changes neither who answers, nor when a person typed, nor what is wanted of one', async () => {
  const { terminals } = api.services;
  const id = await open('cat');
  const [first, second] = [new Viewer(), new Viewer()];
  for (const viewer of [first, second]) await viewer.send({ type: 'attach', terminal_id: id, from: 0 });
  terminals.attention.says(id, 'idle');
  await second.send({ type: 'input', terminal_id: id, data: '\u001b[?1;2c', answer: true });
  expect(second.types()).toEqual(['attached']);
  expect(terminals.times(id).person).toBeNull();
  expect(terminals.attention.saying(id).state).toBe('idle');
  // It was typed all the same.
  await expect.poll(() => first.frames.map((frame) => (frame.type === 'output' ? frame.data : '')).join('')).toContain('[?1;2c');
  // What can't be an answer was typed, whatever the viewer says of it.
  await second.send({ type: 'input', terminal_id: id, data: 'y', answer: true });
  expect(second.types().at(-1)).toBe(true);
  expect(terminals.times(id).person).toBeTypeOf('number');
  expect(terminals.attention.saying(id).state).toBeNull();
  first.close();
  second.close();
  await remove(id);
});

test('who it is shared with no longer is detached at once, and comes back to nothing', async () => {
  const id = await open('sh', '-c', 'while :; do echo on; sleep 0.02; done');
  const share = `/api/terminals/${id}/shares/${client.user_id}`;
  await api.ask(api.admin, 'PUT', share, { right: 'type' });
  const viewer = new Viewer(client);
  await viewer.send({ type: 'attach', terminal_id: id, from: 'tail' });
  await expect.poll(() => viewer.frames.filter(({ type }) => type === 'output').length).toBeGreaterThan(3);
  await api.ask(api.admin, 'DELETE', share);
  expect(viewer.frames.at(-1)).toEqual({ type: 'detached', terminal_id: id });
  const { length } = viewer.frames;
  const { end } = api.services.terminals.log(id);
  await expect.poll(() => api.services.terminals.log(id).end).toBeGreaterThan(end + 20);
  expect(viewer.frames).toHaveLength(length);
  for (const frame of [{ type: 'attach' } as const, { type: 'input', data: 'x' } as const])
    await expect(viewer.send({ ...frame, terminal_id: id })).rejects.toMatchObject({ code: 'unknown_terminal' });
  viewer.close();
  await remove(id);
});

test('what nobody looked at runs into the ring, and who comes back to it is told of a gap', async () => {
  const bytes = KEPT_BYTES + 2 * SEGMENT_BYTES;
  const id = await open('sh', '-c', `yes 'a line of a flood' | head -c ${bytes}; sleep 600`);
  const log = api.services.terminals.log(id);
  // A line feed goes to a terminal as two bytes.
  await expect.poll(() => log.end, { timeout: 120_000 }).toBeGreaterThan(bytes);
  await expect.poll(() => log.start).toBeGreaterThan(0);
  const viewer = new Viewer();
  await viewer.send({ type: 'attach', terminal_id: id, from: 0 });
  await expect.poll(() => viewer.types()).toContain('gap');
  expect(viewer.frames.find(({ type }) => type === 'gap')).toMatchObject({ from: 0, to: log.start });
  viewer.close();
  await remove(id);
});
