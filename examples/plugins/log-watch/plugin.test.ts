import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPlugin } from '#toru/testing';

test('lines that match are published and start the action, also after a rotation; others are not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-watch-'));
  const file = join(folder, 'app.log');
  writeFileSync(file, 'error: from before\n');
  const plugin = await startPlugin(import.meta.dirname, { settings: { file, start: true, pause: 0 } });
  try {
    await plugin.until(() => plugin.logs.some(({ message }) => message === 'watching'));
    // It may not have opened the file yet: what is written before that is from before.
    await plugin.until(() => {
      appendFileSync(file, 'all is well\nerror: one\n');
      return plugin.events.length > 0;
    }, 'a match');
    renameSync(file, `${file}.1`);
    writeFileSync(file, 'fail: two\n');
    await plugin.until(() => plugin.events.some(({ data }) => JSON.stringify(data).includes('fail: two')), 'a match after the rotation');
    await plugin.until(() => plugin.runs.length > 0, 'a run');
    assert.equal(plugin.runs[0]?.action, 'log-alert');
    const { matches } = await (await plugin.fetch('/matches')).json();
    assert.equal(matches[0].line, 'fail: two');
    assert.ok(matches.every(({ line }: { line: string }) => /error: one|fail: two/.test(line)));
    plugin.setSettings({ file, pattern: '(' });
    await plugin.until(() => plugin.logs.some(({ message }) => message.includes('no regular expression')));
  } finally {
    assert.equal(await plugin.stop(), 0);
    rmSync(folder, { recursive: true });
  }
});
