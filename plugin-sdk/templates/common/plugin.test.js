import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPlugin } from '#toru/testing';

test('counts presses, remembers them, and tells who watches', async () => {
  const plugin = await startPlugin(import.meta.dirname, { settings: { step: 2 } });
  try {
    assert.deepEqual(await (await plugin.fetch('/count')).json(), { count: 0 });
    const presses = [1, 2, 3].map(() => plugin.fetch('/count', { method: 'POST' }));
    for (const answer of await Promise.all(presses)) assert.equal(answer.status, 200);
    assert.deepEqual(await (await plugin.fetch('/count')).json(), { count: 6 });
    assert.equal(plugin.kv.get('count'), 6);
    assert.deepEqual(
      plugin.events.map(({ data }) => data),
      [2, 4, 6],
    );
  } finally {
    assert.equal(await plugin.stop(), 0);
  }
});
