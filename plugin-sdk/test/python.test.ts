import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPlugin, type TestedPlugin } from '../src/testing.ts';

/** templates/python/toru.py: what the template's own test does not reach. */

const TEMPLATE = join(import.meta.dirname, '../templates/python');
const PLUGIN = `#!/usr/bin/env python3
from toru import Plugin

plugin = Plugin()

@plugin.route("POST", "/size")
def size(request):
    plugin.publish("asked", None)
    return {"size": len(request["bytes"]), "last": request["bytes"][-1:].decode()}

plugin.run()
`;

let folder: string;
let plugin: TestedPlugin;
/** Requests of which the plugin was told that a stream follows. */
let streamed = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'toru-python-'));
  copyFileSync(join(TEMPLATE, 'toru.py'), join(folder, 'toru.py'));
  copyFileSync(join(TEMPLATE, 'plugin.json'), join(folder, 'plugin.json'));
  writeFileSync(join(folder, 'plugin.py'), PLUGIN, { mode: 0o755 });
  plugin = await startPlugin(folder, {
    transcript: (from, line) => {
      if (from === 'agent' && line.includes('"stream":true')) streamed += 1;
    },
  });
});
afterAll(async () => {
  expect(await plugin.stop()).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

const post = (path: string, body: BodyInit, signal?: AbortSignal): Promise<Response> =>
  plugin.fetch(path, { method: 'POST', body, ...(signal === undefined ? {} : { signal }) });
const text = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0x78);

/** A request whose body comes as a stream, however short it is. */
async function streaming(path: string, signal?: AbortSignal) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const before = streamed;
  const answer = post(path, readable, signal);
  answer.catch(() => undefined);
  await plugin.until(() => streamed > before, 'its head');
  return { answer, upload: writable.getWriter() };
}

it('takes a body that comes whole, and none', async () => {
  expect(await (await post('/size', 'xyz')).json()).toEqual({ size: 3, last: 'z' });
  expect(await (await plugin.fetch('/size', { method: 'POST' })).json()).toEqual({ size: 0, last: '' });
});

it('collects a streamed body of up to 64 KiB', async () => {
  const full = await streaming('/size');
  for (const bytes of [65_535, 1]) await full.upload.write(text(bytes));
  await full.upload.close();
  expect(await (await full.answer).json()).toEqual({ size: 65_536, last: 'x' });
  const empty = await streaming('/size');
  await empty.upload.close();
  expect(await (await empty.answer).json()).toEqual({ size: 0, last: '' });
});

it('answers 413 to one that is larger, without waiting for its end, and 404 before any of it', async () => {
  const { answer, upload } = await streaming('/size');
  await upload.write(text(65_537));
  expect((await answer).status).toBe(413);
  expect((await (await streaming('/nowhere')).answer).status).toBe(404);
});

it('does nothing with a body that broke off', async () => {
  const before = plugin.events.length;
  const leaving = new AbortController();
  const { answer, upload } = await streaming('/size', leaving.signal);
  await upload.write(text(10));
  leaving.abort();
  await expect(answer).rejects.toThrow('aborted');
  expect(await (await post('/size', 'xyz')).json()).toEqual({ size: 3, last: 'z' });
  expect(plugin.events.length).toBe(before + 1);
});
