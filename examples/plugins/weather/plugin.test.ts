import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { startPlugin } from '#toru/testing';

test('without a source it computes values, keeps them, and says that nobody measured them', async () => {
  const plugin = await startPlugin(import.meta.dirname);
  try {
    await plugin.until(() => plugin.events.length > 0, 'a first reading');
    const { place, reading } = await (await plugin.fetch('/now')).json();
    assert.equal(place, 'Here');
    assert.equal(reading.demo, true);
    assert.deepEqual((await (await plugin.fetch('/history')).json()).readings, [reading]);
    assert.deepEqual(plugin.kv.keys(), [`reading/${reading.time}`]);
    assert.equal((await plugin.fetch('/history?hours=x')).status, 400);
  } finally {
    assert.equal(await plugin.stop(), 0);
  }
});

test('a source is asked, and its failure told', async () => {
  let status = 200;
  const source = createServer((_request, response) => response.writeHead(status).end('{"temperature":3.5,"wind":20}'));
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  const address = source.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const plugin = await startPlugin(import.meta.dirname, { settings: { source: `http://127.0.0.1:${port}/` } });
  try {
    const refresh = await plugin.fetch('/refresh', { method: 'POST' });
    assert.deepEqual([(await refresh.json()).reading.temperature, refresh.status], [3.5, 200]);
    status = 500;
    assert.equal((await plugin.fetch('/refresh', { method: 'POST' })).status, 502);
    assert.match(plugin.logs.at(-1)?.error ?? '', /answered 500/);
  } finally {
    await plugin.stop();
    source.close();
  }
});
