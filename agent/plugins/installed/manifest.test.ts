import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** In a process of its own, which has no descriptor left; what ended the agent would end it. */
const OUT_OF_DESCRIPTORS = `
  import { openSync } from 'node:fs';
  import { askMetadata } from ${JSON.stringify(new URL('manifest.ts', import.meta.url).href)};
  const asking = { path: undefined, timeoutMs: 20_000, signal: new AbortController().signal };
  const said = () => askMetadata('/bin/echo', '/', asking).catch(({ code, message }) => code + ': ' + message);
  process.stdout.write('with some: ' + (await said()) + '\\n');
  try { for (;;) openSync('/dev/null'); } catch {}
  process.stdout.write('with none: ' + (await said()) + '\\n');
`;

test('without a descriptor left, the question is refused in words, and nothing ends', () => {
  const { stdout, stderr, status } = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -n 100 && exec "$0" --input-type=module --eval "$1"', process.execPath, OUT_OF_DESCRIPTORS],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    'with some: --metadata',
    '',
    expect.stringMatching(/^with none: plugin_invalid: --metadata could not be started: .*EMFILE/),
    '',
  ]);
  expect(status).toBe(0);
});
