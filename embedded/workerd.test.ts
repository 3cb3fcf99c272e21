import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOptions, workerBuild } from './build-worker.ts';
import type { Launched } from './supervised-child.ts';
import { launchWorkerd } from './workerd.ts';

/** A Worker that passes everything on to the page, and says what it was given. */
const WORKER = `
import { DurableObject } from 'cloudflare:workers';
export class Account extends DurableObject {}
export class Host extends DurableObject {}
export default {
  fetch: (request, env) => request.url.endsWith('/given') ? Response.json(env.GIVEN)
    : new URL(request.url).pathname === '/out' ? fetch(new URL(request.url).searchParams.get('to')).then(() => new Response('out'), () => new Response('shut')) : env.ASSETS.fetch(request),
};`;
const GIVEN = 'a "text" with \\ 7 lines\n\u0007\u001b9 and ünïcode 🎛';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('workerd as it is started at home', () => {
  const folder = mkdtempSync(join(tmpdir(), 'toru-workerd-'));
  const [dist, socket, persist] = [join(folder, 'dist'), join(folder, 'edge.sock'), join(folder, 'state')];
  let edge: Launched<null>;
  beforeAll(async () => {
    mkdirSync(join(dist, 'page/assets'), { recursive: true });
    mkdirSync(join(dist, 'worker'));
    writeFileSync(join(dist, 'worker/index.js'), WORKER);
    writeFileSync(join(dist, 'worker/options.json'), JSON.stringify(readOptions()));
    const { page } = workerBuild.entryPoints;
    await build({ ...workerBuild, entryPoints: { page }, sourcemap: false, outdir: join(dist, 'worker') });
    writeFileSync(join(dist, 'page/index.html'), '<title>page</title>');
    writeFileSync(join(dist, 'page/frame.html'), '<title>frame</title>');
    writeFileSync(join(dist, 'page/assets/a.js'), 'a()');
    writeFileSync(join(dist, 'page/assets/a.js.map'), 'secret source');
    edge = launchWorkerd({ dist, socket, persist, bindings: { GIVEN }, env: { PATH: process.env['PATH'] } });
    await edge.ready;
  });
  afterAll(async () => {
    const gone = new Promise((resolve) => edge.child.once('exit', resolve));
    edge.child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const query = request({ socketPath: socket, path, headers, method, agent: false }, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
      });
      query.on('error', reject);
      query.end();
    });
  }

  it.each([
    ['/', 'text/html; charset=utf-8', '<title>page</title>'],
    ['/actions/backup', 'text/html; charset=utf-8', '<title>page</title>'],
    ['/frame', 'text/html; charset=utf-8', '<title>frame</title>'],
    ['/assets/a.js', 'text/javascript; charset=utf-8', 'a()'],
  ])('serves %s', async (path, type, body) => {
    const answer = await ask(path);
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': type, 'content-length': String(body.length) }, body });
    const { etag = '' } = answer.headers;
    expect(await ask(path, { 'if-none-match': `"x", W/${etag}` })).toMatchObject({ status: 304, body: '' });
    expect(await ask(path, {}, 'HEAD')).toMatchObject({ status: 200, headers: { etag }, body: '' });
  });

  it.each([
    '/assets',
    '/assets/',
    '/assets/a.js.map',
    '/assets/%61.js',
    '/../worker/options.json',
    '/%2e%2e/worker/options.json',
    '/constructor',
  ])('shows no folder, and no file but those of the page: %s', async (path) => {
    expect(await ask(path)).toMatchObject({ status: 200, body: '<title>page</title>' });
  });

  it.each([
    ['/index.html', '/'],
    ['/frame.html', '/frame'],
  ])('leads from %s to %s', async (path, location) => {
    expect(await ask(path)).toMatchObject({ status: 307, headers: { location } });
  });

  it('gives the Worker its texts as they are, and no network of this machine', async () => {
    expect(JSON.parse((await ask('/given')).body)).toBe(GIVEN);
    const there = createServer((_request, answer) => answer.end('in')).listen(0, '127.0.0.1');
    await once(there, 'listening');
    const address = there.address();
    const port = typeof address === 'object' ? address?.port : 0;
    expect((await ask(`/out?to=http://127.0.0.1:${port}/`)).body).toBe('shut');
    there.close();
  });

  it('leaves no configuration behind, and shows none of it', () => {
    expect(readdirSync(persist).filter((name) => name.includes('config'))).toEqual([]);
    const { pid = 0 } = edge.child;
    if (process.platform !== 'linux') return;
    const below = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    for (const one of [String(pid), ...below])
      for (const file of ['cmdline', 'environ']) expect(readFileSync(`/proc/${one}/${file}`, 'utf8')).not.toContain('ünïcode');
  });
});
