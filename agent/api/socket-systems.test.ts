import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { systemFrame } from '../http/system-frame.ts';
import type { Topic } from '../http/topics.ts';
import { Streams } from '../logs/streams.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { admin, any } from '../users/permissions.ts';
import { BrowserSocket } from './browser-socket.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await makeApi();
});
afterAll(() => api.close());

const FRAMES = [
  systemFrame('notes.add', any, z.object({ text: z.string() }), ({ username }, { text }, send) => {
    if (text === '') throw new ToruError('bad_request', 'A note has a text.');
    send({ type: 'notes.added', text, username });
  }),
  systemFrame('notes.clear', admin, z.object({}), (_caller, _frame, send) => send({ type: 'notes.cleared' })),
];

const notes: Topic = { topic: 'notes', permission: admin, nameFor: () => 'notes' };

/** What a page of this caller is answered to one frame. */
async function answerTo(caller: Caller, frame: unknown): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown>[] = [];
  const port = { send: (text: unknown) => void answers.push(JSON.parse(String(text))), join: () => undefined, leave: () => undefined };
  const carrier = { turn: () => undefined, publish: () => undefined, clear: () => undefined };
  const streams = new Streams({ log: (id) => api.runs.log(id), endFrames: () => null }, carrier);
  const { runs, services } = api;
  const topics = [...services.followed.flatMap((system) => system.topics), notes];
  const socket = new BrowserSocket({ ...services, runs, streams, topics, version: '1', frames: FRAMES }, port, () => caller);
  socket.receive(JSON.stringify(frame));
  await expect.poll(() => answers.length).toBe(2);
  socket.close();
  return answers[1] ?? {};
}

test('a system answers its own frames, with its own permissions and schema', async () => {
  const client = await api.caller('cleo', 'client');
  expect(await answerTo(client, { type: 'notes.add', text: 'milk' })).toEqual({ type: 'notes.added', text: 'milk', username: 'cleo' });
  expect(await answerTo(api.admin, { type: 'notes.clear' })).toEqual({ type: 'notes.cleared' });
  expect(await answerTo(client, { type: 'notes.clear' })).toMatchObject({ type: 'error', code: 'forbidden' });
  expect(await answerTo(client, { type: 'notes.add', text: 1 })).toMatchObject({ type: 'error', code: 'bad_frame' });
  expect(await answerTo(client, { type: 'notes.add', text: '' })).toMatchObject({ type: 'error', code: 'bad_request' });
  expect(await answerTo(client, { type: 'notes.other' })).toMatchObject({ type: 'error', code: 'unknown_type' });
});

test('a page may follow what a system lets it: each topic has its own permission', async () => {
  const client = await api.caller('carl', 'client');
  const subscribe = (caller: Caller, topic: string, plugin?: string) => answerTo(caller, { type: 'subscribe', topic, plugin });
  for (const topic of ['runs', 'system', 'plugins', 'notes'])
    expect(await subscribe(api.admin, topic)).toEqual({ type: 'subscribed', topic });
  expect(await subscribe(client, 'runs')).toEqual({ type: 'subscribed', topic: 'runs' });
  for (const topic of ['system', 'plugins', 'notes'])
    expect(await subscribe(client, topic)).toMatchObject({ type: 'error', code: 'forbidden' });
  expect(await subscribe(client, 'plugin_log', 'weather')).toMatchObject({ type: 'error', code: 'forbidden' });
  expect(await subscribe(client, 'plugin', 'weather')).toMatchObject({ type: 'error', code: 'unknown_plugin' });
});

test('a topic that nobody has, or that lacks its plugin, is a wrong frame', async () => {
  for (const type of ['subscribe', 'unsubscribe']) {
    const answer = (frame: object) => answerTo(api.admin, { type, ...frame });
    expect(await answer({ topic: 'weather' })).toMatchObject({ type: 'error', code: 'bad_frame', data: expect.stringContaining('runs') });
    expect(await answer({ topic: 'plugin' })).toMatchObject({ type: 'error', code: 'bad_frame' });
    expect(await answer({ topic: 'runs', plugin: 'weather' })).toMatchObject({ type: 'error', code: 'bad_frame' });
  }
});
