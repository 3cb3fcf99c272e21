import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listArtifacts, settleArtifacts } from '../logs/artifacts.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let ada: Caller;
let bob: Caller;

beforeAll(async () => {
  api = await makeApi();
  ada = await api.caller('ada', 'client');
  bob = await api.caller('bob', 'client');
  api.script(
    'report.sh',
    `#!/bin/sh
cd "$TORU_ARTIFACTS" || exit 1
printf '# Done' > report.md
printf 'a,b' > 'März 1.csv'
: > empty.txt
printf x > .hidden
mkdir deep && printf x > deep/in.txt
ln -s /etc/passwd passwd.txt
ln "$0" script.txt
mkfifo pipe.txt
`,
  );
  api.script('none.sh', '#!/bin/sh\ntest -d "$TORU_ARTIFACTS" && echo there\n');
  api.script('swap.sh', '#!/bin/sh\nrmdir "$TORU_ARTIFACTS"\nln -s /etc "$TORU_ARTIFACTS"\n');
  for (const id of ['report', 'none', 'swap'])
    await api.ask(api.admin, 'POST', '/api/actions', { id, label: id, script: `${id}.sh`, allow: 'everyone' });
});
afterAll(() => api.close());

it('are listed and downloaded by whoever may see the run: regular files with one name, never a link’s target', async () => {
  const { task_id } = await api.finished(ada, { action: 'report' });
  const path = `/api/runs/${task_id}/artifacts`;
  const { json } = await api.ask(ada, 'GET', path);
  const found = Object(json).items.map(({ name, size, kind }: Record<string, unknown>) => [name, size, kind]);
  expect(found).toEqual([
    ['empty.txt', 0, 'text'],
    ['März 1.csv', 3, 'table'],
    ['report.md', 6, 'markdown'],
  ]);
  const report = await api.ask(ada, 'GET', `${path}/report.md`);
  expect([report.status, report.text]).toEqual([200, '# Done']);
  expect(report.headers.get('content-type')).toBe('application/octet-stream');
  expect(report.headers.get('content-disposition')).toContain('attachment');
  expect((await api.ask(ada, 'GET', `${path}/${encodeURIComponent('März 1.csv')}`)).text).toBe('a,b');
  expect((await api.ask(ada, 'GET', `${path}/empty.txt`)).text).toBe('');
  for (const name of ['passwd.txt', 'script.txt', 'pipe.txt', 'deep', 'gone.txt'])
    expect((await api.ask(ada, 'GET', `${path}/${name}`)).status, name).toBe(404);
  for (const name of ['.hidden', '..%2fout', 'deep%2fin.txt', 'a%00b'])
    expect((await api.ask(ada, 'GET', `${path}/${name}`)).status, name).toBe(400);
  expect((await api.ask(bob, 'GET', path)).status).toBe(404);
  expect((await api.ask(bob, 'GET', `${path}/report.md`)).status).toBe(404);
  expect((await api.ask(api.admin, 'GET', `${path}/report.md`)).status).toBe(200);
});

it('are none where the script left nothing, and where it put a link in the folder’s place', async () => {
  const none = await api.finished(ada, { action: 'none' });
  expect((await api.ask(ada, 'GET', `/api/runs/${none.task_id}/output`)).text).toBe('there\n');
  expect(existsSync(join(api.home, 'runs', none.task_id, 'artifacts'))).toBe(false);
  expect((await api.ask(ada, 'GET', `/api/runs/${none.task_id}/artifacts`)).json).toEqual({ items: [], next_cursor: null });
  const swap = await api.finished(ada, { action: 'swap' });
  expect((await api.ask(ada, 'GET', `/api/runs/${swap.task_id}/artifacts`)).json).toEqual({ items: [], next_cursor: null });
  expect((await api.ask(ada, 'GET', `/api/runs/${swap.task_id}/artifacts/passwd`)).status).toBe(404);
});

it('are none where their folder goes while it is read', async () => {
  const folder = join(api.home, 'goes');
  for (let n = 0; n < 300; n += 1) {
    mkdirSync(join(folder, 'artifacts'), { recursive: true });
    const listed = listArtifacts(folder);
    await lstat(folder);
    rmSync(join(folder, 'artifacts'), { recursive: true });
    expect(await listed).toEqual([]);
  }
});

it('count for what all runs may take of the disk', async () => {
  const { task_id } = await api.finished(ada, { action: 'report' });
  const [size] = api.runs.history.sizes(null, 1);
  expect(size).toMatchObject({ task_id });
  expect(size?.bytes).toBeGreaterThan(9);
});

it('beyond what one run may leave, go at its end, the largest first', () => {
  const folder = join(api.home, 'settle');
  const own = join(folder, 'artifacts');
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'a.bin'), 'x'.repeat(100));
  writeFileSync(join(own, 'b.bin'), 'x'.repeat(50));
  writeFileSync(join(own, 'c.txt'), 'x'.repeat(5));
  symlinkSync('/etc/passwd', join(own, 'link'));
  const { bytes, removed } = settleArtifacts(folder, 80);
  expect(removed).toEqual(['a.bin']);
  expect(bytes).toBeLessThanOrEqual(80);
  expect(readdirSync(own).sort()).toEqual(['b.bin', 'c.txt', 'link']);
});
