import { expect, test } from 'vitest';
import { runCli } from './cli.ts';

async function help(...args: string[]): Promise<string> {
  const parts: string[] = [];
  const sink = { isTTY: false, columns: 80, write: async (data: string | Uint8Array) => void parts.push(data.toString()) };
  const input = (async function* () {})();
  await runCli([...args, '--help'], { out: sink, err: sink, input, keyboard: null, env: {}, interrupted: new AbortController().signal });
  return parts.join('');
}

test('every command’s help ends with what one would type', async () => {
  const names = [...(await help()).matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) {
    const examples = (await help(name)).trimEnd().split('\n').slice(-1);
    expect([name, examples]).toEqual([name, [expect.stringMatching(/^ {2}.*\btoru\b/)]]);
  }
});
