import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCRIPT_VERSIONS } from '../../shared/limits.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { headerAction } from './header-action.ts';

let api: ApiHarness;
let client: Caller;

beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('ada', 'client');
});
afterAll(() => api.close());

const get = (name: string, caller = api.admin) => api.ask(caller, 'GET', `/api/scripts/content?name=${encodeURIComponent(name)}`);
const put = (body: object, caller = api.admin) => api.ask(caller, 'PUT', '/api/scripts/content', body);
const fieldsOf = (json: unknown): { sha256: string; content: string; versions: { version: number; user: string }[] } => Object(json);

it('is read and written by admins, with its rights, and runs as it was written', async () => {
  const path = api.script('hello.sh', '#!/bin/sh\necho one\n');
  chmodSync(path, 0o750);
  const before = await get('hello.sh');
  expect(before.json).toMatchObject({ name: 'hello.sh', content: '#!/bin/sh\necho one\n', versions: [] });
  const content = '#!/bin/sh\necho "zwei ü"\n';
  const after = await put({ name: 'hello.sh', content, sha256: fieldsOf(before.json).sha256 });
  expect(after.status).toBe(200);
  expect(readFileSync(path, 'utf8')).toBe(content);
  expect(statSync(path).mode & 0o777).toBe(0o750);
  const run = await api.finished(api.admin, { script: 'hello.sh' });
  expect((await api.ask(api.admin, 'GET', `/api/runs/${run.task_id}/output`)).text).toBe('zwei ü\n');
  const [version] = fieldsOf(after.json).versions;
  expect(version).toMatchObject({ user: 'admin', size: 19 });
  const old = await api.ask(api.admin, 'GET', `/api/scripts/version?name=hello.sh&version=${version?.version}`);
  expect(old.json).toEqual({ content: '#!/bin/sh\necho one\n' });
  const entries = Object((await api.ask(api.admin, 'GET', '/api/audit?event=script.write')).json).items;
  expect(entries[0]).toMatchObject({ target: 'hello.sh', user: 'admin', outcome: 'ok' });
});

it('is nobody else’s: no client, no old password, no change over another', async () => {
  const { sha256 } = fieldsOf((await get('hello.sh')).json);
  expect((await get('hello.sh', client)).status).toBe(403);
  expect((await put({ name: 'hello.sh', content: 'x', sha256 }, client)).status).toBe(403);
  const stale = { ...api.admin, auth_time: Date.now() - 16 * 60_000 };
  expect((await put({ name: 'hello.sh', content: 'x', sha256 }, stale)).json).toMatchObject({ error: { code: 'reauth_required' } });
  const [first, second] = await Promise.all(['#a\n', '#b\n'].map((content) => put({ name: 'hello.sh', content, sha256 })));
  expect([first?.status, second?.status].sort()).toEqual([200, 409]);
});

it('keeps the last ten texts', async () => {
  let { sha256 } = fieldsOf((await get('hello.sh')).json);
  for (let n = 0; n < SCRIPT_VERSIONS + 3; n += 1)
    ({ sha256 } = fieldsOf((await put({ name: 'hello.sh', content: `# ${n}\n`, sha256 })).json));
  const { versions } = fieldsOf((await get('hello.sh')).json);
  expect(versions).toHaveLength(SCRIPT_VERSIONS);
  expect(api.db.prepare('SELECT count(*) FROM scripts_versions').pluck().get()).toBe(SCRIPT_VERSIONS);
});

it('is made new where there is none, in the folder and nowhere else', async () => {
  expect((await put({ name: 'new.sh', content: '#!/bin/sh\n', sha256: null })).status).toBe(200);
  expect(statSync(join(api.scriptsDir, 'new.sh')).mode & 0o777).toBe(0o700);
  expect((await put({ name: 'new.sh', content: 'x', sha256: null })).json).toMatchObject({ error: { code: 'conflict', field: 'name' } });
  mkdirSync(join(api.home, 'elsewhere'));
  symlinkSync(join(api.home, 'elsewhere'), join(api.scriptsDir, 'out'));
  for (const name of ['../x.sh', '/tmp/x.sh', 'a/../../x.sh', '.hidden', 'none/x.sh', 'out/x.sh', 'a\nb', '-rf', 'a\\b'])
    expect((await put({ name, content: 'x', sha256: null })).status, name).toBeGreaterThanOrEqual(400);
  symlinkSync(join(api.home, 'toru.db'), join(api.scriptsDir, 'link.sh'));
  expect((await get('link.sh')).json).toMatchObject({ error: { code: 'script_outside' } });
  expect((await put({ name: 'link.sh', content: 'x', sha256: null })).json).toMatchObject({ error: { code: 'conflict' } });
});

it('is shown when it may not be run yet, and not when it is no text', async () => {
  api.script('later.sh', '#!/bin/sh\n', 0o600);
  expect((await get('later.sh')).status).toBe(200);
  const binary = api.script('program', '');
  writeFileSync(binary, Buffer.from([0x7f, 0x45, 0, 1]));
  expect((await get('program')).json).toMatchObject({ error: { code: 'unsupported_media_type' } });
  writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x41]));
  expect((await get('program')).json).toMatchObject({ error: { code: 'unsupported_media_type' } });
  writeFileSync(binary, 'x'.repeat(300_000));
  expect((await get('program')).json).toMatchObject({ error: { code: 'too_large' } });
});

describe('the first comments of a script', () => {
  it('say an action’s fields and questions', () => {
    const text = `#!/bin/sh
# Backs up the photos.
# toru label: Back up
# toru timeout_s: 600
# toru input: {"type": "text", "name": "target", "label": "Where to"}

# toru confirm: hold
echo; # toru label: not this
# toru label: nor this
`;
    expect(headerAction(text)).toEqual({
      action: { label: 'Back up', timeout_s: 600, confirm: 'hold', inputs: [expect.objectContaining({ type: 'text', name: 'target' })] },
      problem: null,
    });
    expect(headerAction('#!/bin/sh\n# nothing\n')).toEqual({ action: null, problem: null });
    expect(headerAction('// toru color: teal\ncode')).toMatchObject({ action: { color: 'teal' } });
  });

  it.each([
    ['# toru allow: everyone', 'allow'],
    ['# toru script: other.sh', 'script'],
    ['# toru timeout_s: soon', 'timeout_s'],
    ['# toru input: {"type": "text"}', 'inputs.0.name'],
  ])('are refused as “%s”', (line, at) => {
    expect(headerAction(line)).toEqual({ action: null, problem: expect.stringContaining(at) });
  });
});
