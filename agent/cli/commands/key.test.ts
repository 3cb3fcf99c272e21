import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { lockHome } from '../../lock.ts';
import { runCli } from '../cli.ts';

const home = mkdtempSync(join(tmpdir(), 'toru-key-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function key(): Promise<string> {
  const printed: string[] = [];
  const sink = { isTTY: false, columns: 80, write: async (data: string | Uint8Array) => void printed.push(data.toString()) };
  const none = { async *[Symbol.asyncIterator]() {} };
  const env = { TORU_HOME: home };
  expect(await runCli(['key'], { out: sink, err: sink, input: none, keyboard: null, env, interrupted: new AbortController().signal })).toBe(
    0,
  );
  return printed.join('').trim();
}

it('prints the same id and key each time, also beside an agent that runs', async () => {
  const first = await key();
  expect(first).toMatch(/^[0-9a-f-]{36}:[\w-]{43}$/);
  const lock = lockHome(home);
  expect(await key()).toBe(first);
  lock.release();
});
