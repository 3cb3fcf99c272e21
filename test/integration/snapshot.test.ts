import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../../tools/root.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { startToru } from '../harness/toru.ts';

/** Saved from a whole Toru at work, restored into another. */

const PASSWORD = 'correct horse battery';

interface Result {
  code: number;
  said: string;
}

async function cli(home: string, ...args: string[]): Promise<Result> {
  const env = { ...process.env, TORU_HOME: home };
  return promisify(execFile)(process.execPath, [join(root, 'dist/agent/cli.js'), ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, said: error.stdout + error.stderr }),
  );
}

test('a snapshot taken at work brings back users, history and output elsewhere, and nobody’s session', async () => {
  const place = mkdtempSync(join(tmpdir(), 'toru-saved-'));
  const file = join(place, 'saved.tar.gz');
  try {
    await using toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    for (const [name, text] of [
      ['numbers.sh', '#!/bin/sh\nseq 1 100000; echo oops >&2\n'],
      ['on.sh', '#!/bin/sh\nwhile :; do echo on; sleep 0.01; done\n'],
    ] as const) {
      writeFileSync(join(toru.home, 'scripts', name), text);
      chmodSync(join(toru.home, 'scripts', name), 0o755);
    }
    const admin = await Client.of(toru, 'admin', PASSWORD);
    const run = async (script: string): Promise<string> => (await admin.http('POST', '/api/runs', { script })).json().task_id;
    const numbers = await run('numbers.sh');
    await eventually('the numbers are said', async () => (await admin.http('GET', `/api/runs/${numbers}`)).json().state, {
      holds: (seen) => seen === 'exited',
    });
    const on = await run('on.sh');
    await eventually('the other goes on', async () => (await admin.http('GET', `/api/runs/${on}`)).json().output_bytes, {
      holds: (seen) => seen > 100,
    });
    const output = (await admin.http('GET', `/api/runs/${numbers}/output`)).text;

    expect(await cli(toru.home, 'snapshot', file)).toMatchObject({ code: 0, said: expect.stringContaining('1 run') });
    expect(await cli(toru.home, 'snapshot', file)).toMatchObject({ code: 125, said: expect.stringContaining('exists') });
    const { stdout } = await promisify(execFile)('tar', ['-tzf', file]);
    expect(stdout.trim().split('\n').sort()).toEqual(
      ['err', 'order', 'out'].map((name) => `runs/${numbers}/${name}`).concat('snapshot.json', 'toru.db'),
    );
    // Nothing that runs was disturbed.
    expect((await admin.http('GET', `/api/runs/${on}`)).json().state).toBe('running');
    expect(await cli(toru.home, 'restore', file)).toMatchObject({ code: 125, said: expect.stringContaining('not empty') });
    const { cookie } = { cookie: admin.cookieHeader() };
    admin.close();
    await toru.stop();

    const home = join(place, 'home');
    expect(await cli(home, 'restore', file)).toMatchObject({ code: 0, said: expect.stringContaining('1 run') });
    expect(existsSync(join(home, 'agent.key')), 'agent.key').toBe(false);
    await using restored = await startToru({ env: { TORU_HOME: home } });
    const before = await fetch(`${restored.url}/api/runs`, { headers: { cookie, origin: restored.url } });
    expect(before.status).toBe(401);
    const again = await Client.of(restored, 'admin', PASSWORD);
    expect((await again.http('GET', `/api/runs/${numbers}/output`)).text).toBe(output);
    expect((await again.http('GET', `/api/runs/${numbers}`)).json()).toMatchObject({ state: 'exited', exit_code: 0, user: 'admin' });
    expect((await again.http('GET', `/api/runs/${on}`)).json()).toMatchObject({
      state: 'interrupted',
      reason: expect.stringContaining('snapshot'),
    });
    again.close();
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
