import { readdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { Client } from './client.ts';
import { leftovers, startToru } from './toru.ts';

const toru = await startToru();
afterAll(() => toru[Symbol.asyncDispose]());

test('the first start prints a URL and credentials, with which the seeded hello action runs', async () => {
  expect(toru.output()).toContain(toru.url);
  expect(toru.password).not.toBe('');
  const client = await Client.of(toru);
  const actions: { id: string; script: string }[] = (await client.http('GET', '/api/actions')).json().items;
  const hello = actions.find((action) => action.script === 'hello.sh');
  const socket = await client.openSocket();
  const id = await socket.run({ action: hello?.id ?? '' });
  expect((await socket.next('exit', id)).code).toBe(0);
  expect(socket.output(id)).toMatch(/hello/i);
  client.close();
});

test('a stop leaves no process behind, and the second start prints no password', async () => {
  await toru.stop();
  expect(leftovers(toru.home)).toEqual([]);
  await toru.start();
  expect(toru.output()).toContain(toru.url);
  expect(toru.output()).not.toContain(toru.password);
  expect((await new Client(toru.url).login(toru.username, toru.password)).status).toBe(200);
  expect(readdirSync(toru.home)).toContain('agent.key');
});
