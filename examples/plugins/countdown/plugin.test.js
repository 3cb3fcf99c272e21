import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPlugin } from '#toru/testing';

test('keeps a moment, and says how long it is away', async () => {
  const plugin = await startPlugin(import.meta.dirname, { settings: { title: 'Soon' } });
  try {
    assert.equal((await plugin.fetch('/left/tea')).status, 404);
    const at = new Date(Date.now() + 60_000).toISOString();
    const put = await plugin.fetch('/moments/tea', { method: 'PUT', body: JSON.stringify({ at }) });
    assert.equal(put.status, 200);
    const { title, left } = await (await plugin.fetch('/left/tea')).json();
    assert.equal(title, 'Soon');
    assert.ok(left > 0 && left <= 60);
  } finally {
    assert.equal(await plugin.stop(), 0);
  }
});
