import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPlugin } from '#toru/testing';

test('tells of each path, and keeps the highest use', async () => {
  const plugin = await startPlugin(import.meta.dirname, { settings: { paths: '/, /nowhere' } });
  try {
    const { disks } = await (await plugin.fetch('/disks')).json();
    assert.deepEqual(
      disks.map((/** @type {{ path: string }} */ { path }) => path),
      ['/', '/nowhere'],
    );
    assert.ok(disks[0].used > 0 && disks[0].used <= disks[0].total);
    assert.equal(disks[1].problem, 'No such file or directory');
    assert.equal(plugin.kv.get('highest//'), disks[0].highest);
    assert.equal((await plugin.fetch('/nothing')).status, 404);
  } finally {
    assert.equal(await plugin.stop(), 0);
  }
});
