import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** GET /api/workspaces/:ws/tarball, as the host's own tar reads it. */

let h: WorkflowsHarness;
let out: string;
const LONG = `${'a'.repeat(60)}/${'ü'.repeat(60)}.txt`;
beforeAll(async () => {
  h = await makeWorkflows();
  out = mkdtempSync(join(tmpdir(), 'toru-tar-'));
  h.write('a.yaml', 'tasks: { t: { flow: { s: { type: script, script: "true" } } } }');
  mkdirSync(join(h.folder, '.git'));
  writeFileSync(join(h.folder, '.git/config'), 'token');
  mkdirSync(join(h.folder, LONG.split('/')[0] ?? ''));
  writeFileSync(join(h.folder, LONG), 'long');
  writeFileSync(join(h.folder, 'empty'), '');
  writeFileSync(join(h.folder, 'large'), Buffer.alloc(200_001, 7));
  writeFileSync(join(h.folder, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('run.sh', join(h.folder, 'inside'));
  symlinkSync('/etc/passwd', join(h.folder, 'outside'));
  symlinkSync('../..', join(h.folder, 'above'));
  await h.load();
});
afterAll(async () => {
  await h.close();
  rmSync(out, { recursive: true, force: true });
});

async function fetched(headers: Record<string, string> = {}): Promise<Response> {
  return h.app.fetch(new Request('http://host/api/workspaces/ws/tarball', { headers }), { caller: h.admin });
}

test('tar unpacks it: files as they are, without .git and without links that lead out', async () => {
  const response = await fetched();
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-tar']);
  writeFileSync(join(out, 'a.tar'), Buffer.from(await response.arrayBuffer()));
  mkdirSync(join(out, 'files'));
  execFileSync('tar', ['-xf', join(out, 'a.tar'), '-C', join(out, 'files')]);
  const ls = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%y %m %p %l\n'], { cwd: join(out, 'files'), encoding: 'utf8' });
  expect(
    ls
      .trim()
      .split('\n')
      .map((line) => line.trim())
      .sort(),
  ).toEqual(
    [
      'd 755 ./.workflows',
      'f 644 ./.workflows/a.yaml',
      `d 755 ./${LONG.split('/')[0]}`,
      `f 644 ./${LONG}`,
      'f 644 ./empty',
      'f 644 ./large',
      'f 755 ./run.sh',
      'l 777 ./inside run.sh',
    ].sort(),
  );
  expect(readFileSync(join(out, 'files/large')).equals(readFileSync(join(h.folder, 'large')))).toBe(true);
});

test('the same files are the same bytes, whenever they were written', async () => {
  const sum = async (): Promise<string> =>
    createHash('sha256')
      .update(Buffer.from(await (await fetched()).arrayBuffer()))
      .digest('hex');
  const first = await sum();
  utimesSync(join(h.folder, 'empty'), 1, 1);
  expect(await sum()).toBe(first);
  chmodSync(join(h.folder, 'empty'), 0o755);
  expect(await sum()).not.toBe(first);
});

test('its ETag is the revision: who has it gets 304', async () => {
  const { revision } = Object(await (await h.app.fetch(new Request('http://host/api/workspaces/ws'), { caller: h.admin })).json());
  const etag = (await fetched()).headers.get('etag') ?? '';
  expect(etag).toBe(`"${revision}"`);
  const again = await fetched({ 'if-none-match': `W/"other", ${etag}` });
  expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
});

test('it is an admin’s', async () => {
  const client = await h.caller('cleo', 'client');
  expect(await h.ask(client, 'GET', '/api/workspaces/ws/tarball')).toMatchObject({ status: 403 });
  expect(await h.ask(h.admin, 'GET', '/api/workspaces/none/tarball')).toMatchObject({ status: 404 });
});
