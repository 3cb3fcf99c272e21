import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../tools/root.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** Large bodies of many at once, through everything: nobody's upload stops another's, and all of them end. */

const MB = 1_000_000;
const PASSWORD = 'a password of somebody';
const USERS = ['ada', 'ben', 'cleo', 'dan', 'eve'];

let toru: Toru;
let admin: Client;
let users: Client[];
let action: string;

beforeAll(async () => {
  toru = await startToru();
  admin = await Client.of(toru);
  const made = await admin.http('POST', '/api/actions', { label: 'Echo', script: 'hello.sh' });
  action = made.json().id;
  users = await Promise.all(
    USERS.map(async (username) => {
      expect((await admin.http('POST', '/api/users', { username, password: PASSWORD, role: 'admin' })).status).toBe(201);
      return Client.of(toru, username, PASSWORD);
    }),
  );
  const folder = join(toru.home, 'plugins', 'echo');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const manifest = {
    id: 'echo',
    name: 'echo',
    version: '1.0.0',
    protocol: { min: 1, max: 1 },
    run: ['node', 'plugin.ts'],
    access: 'everyone',
  };
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify(manifest), { mode: 0o644 });
  const echo = JSON.stringify(join(root, 'test/fixtures/plugins/echo.ts'));
  writeFileSync(join(folder, 'plugin.ts'), `import ${echo};\n`, { mode: 0o644 });
  await admin.http('POST', '/api/plugin-admin/rescan');
  const { sha256 } = (await admin.http('GET', '/api/plugins/echo')).json();
  expect((await admin.http('POST', '/api/plugins/echo/enable', { sha256 })).status).toBe(200);
  await eventually('the plugin runs', async () => (await admin.http('GET', '/api/plugins/echo')).json().state, {
    holds: (seen) => seen === 'running',
  });
});

afterAll(async () => {
  for (const client of [admin, ...users]) client.close();
  await toru[Symbol.asyncDispose]();
});

interface Upload {
  status: number;
  text: string;
}

/** Sends `pieces` equal pieces of a megabyte of JSON, with a pause before each but the first. */
function upload(client: Client, method: string, path: string, { pieces = 1, pauseMs = 0 } = {}): Promise<Upload> {
  const json = JSON.stringify({ label: 'Echo' });
  const body = Buffer.from(json + ' '.repeat(MB - json.length));
  return new Promise((resolve, reject) => {
    const headers = {
      origin: client.origin,
      'sec-fetch-site': 'same-origin',
      cookie: client.cookieHeader(),
      'content-type': 'application/json',
      'content-length': body.length,
    };
    const asking = request(client.origin + path, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
      response.on('error', reject);
    });
    asking.on('error', reject);
    void (async () => {
      const size = Math.ceil(body.length / pieces);
      for (let n = 0; n < pieces; n += 1) {
        if (n > 0) await sleep(pauseMs);
        asking.write(body.subarray(n * size, (n + 1) * size));
      }
      asking.end();
    })();
  });
}

const TARGETS: [string, string, () => string, (answer: Upload) => void][] = [
  [
    'the host reads itself',
    'PATCH',
    () => `/api/actions/${action}`,
    ({ status, text }) => expect([status, text]).toEqual([200, expect.stringContaining('Echo')]),
  ],
  [
    'a plugin reads',
    'POST',
    () => '/api/plugins/echo/count',
    ({ status, text }) => expect([status, text]).toEqual([200, `{"bytes":${MB}}`]),
  ],
];

for (const [what, method, path, expectDone] of TARGETS) {
  test.each([
    ['at full speed', { pieces: 1, pauseMs: 0 }],
    ['slowly', { pieces: 32, pauseMs: 150 }],
  ])(`16 uploads of 1 MB that ${what}, of each of four users, all end %s; an admin and a fifth user pass meanwhile`, async (_how, pace) => {
    const uploads = users.slice(0, 4).flatMap((client) => Array.from({ length: 16 }, () => upload(client, method, path(), pace)));
    const fifth = users[4];
    if (fifth === undefined) throw new Error('no fifth user');
    await sleep(100);
    const small = await admin.http('GET', '/api/settings');
    expect(small.status).toBe(200);
    expectDone(await upload(fifth, method, path()));
    for (const answer of await Promise.all(uploads)) expectDone(answer);
  });
}
