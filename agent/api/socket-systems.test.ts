import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { systemFrame } from '../http/system-frame.ts';
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

/** What a page of this caller is answered to one frame. */
async function answerTo(caller: Caller, frame: unknown): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown>[] = [];
  const port = { send: (text: unknown) => void answers.push(JSON.parse(String(text))), join: () => undefined, leave: () => undefined };
  const carrier = { turn: () => undefined, publish: () => undefined, clear: () => undefined };
  const streams = new Streams({ log: (id) => api.runs.log(id), endFrames: () => null }, carrier);
  const { runs, services } = api;
  const socket = new BrowserSocket({ ...services, runs, streams, version: '1', frames: FRAMES }, port, () => caller);
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
