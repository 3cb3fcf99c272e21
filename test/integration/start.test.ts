import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { AGENT_FLAGS } from '../../agent/memory-at-rest-flags.ts';
import { bareEnvironment } from '../harness/bare-environment.ts';
import { freePort } from '../harness/toru.ts';

const start = fileURLToPath(new URL('../../dist/embedded/start.js', import.meta.url));

/** The real thing: `npm start` without npm. Serial: three processes each are enough for a small machine. */
describe('npm start', () => {
  const homes: string[] = [];
  const running: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of running.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    }
    for (const home of homes.splice(0)) {
      await expectNobodyUnder(home);
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
  });

  it('is built so that the front loads no fetch: an import of node:http would, and 13 MB with it', () => {
    const parts = join(start, '../parts');
    const built = readdirSync(parts).filter((name) => name.endsWith('.js'));
    const imports = built.flatMap((name) => readFileSync(join(parts, name), 'utf8').match(/\bfrom ?["']node:https?["']|\bfetch\(/g) ?? []);
    expect(imports).toEqual([]);
  });

  function newHome(): string {
    const home = mkdtempSync(join(tmpdir(), 'toru-start-'));
    homes.push(home);
    return home;
  }

  /** @param until what its output has to contain, or the end of the process. */
  async function run(
    home: string,
    port: number,
    env: Record<string, string> = {},
    until = 'Open ',
  ): Promise<{ child: ChildProcess; output: () => string }> {
    const child = spawn(process.execPath, [start], {
      env: { ...bareEnvironment(), TORU_HOME: home, STEERING_PORT: String(port), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        said += data.toString();
      });
    }
    const closed = new Promise((resolve) => child.once('close', resolve));
    while (!said.includes(until) && child.exitCode === null) await sleep(20);
    // Its last words may still be on their way.
    if (child.exitCode === null) await sleep(50);
    else await closed;
    return { child, output: () => said };
  }

  function login(port: number, password: string): Promise<Response> {
    const origin = `http://127.0.0.1:${port}`;
    return fetch(`${origin}/api/login`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    });
  }

  it('prints where it is and a password once, which opens it; the second start keeps both', async () => {
    const home = newHome();
    const port = await freePort();
    const first = await run(home, port);
    expect(first.output()).toContain(`Open      http://127.0.0.1:${port}`);
    const password = /Password {2}(\S+)/.exec(first.output())?.[1] ?? '';
    const answer = await login(port, password);
    expect(answer.status).toBe(200);
    expect((await login(port, `${password}x`)).status).toBe(401);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect((await fetch(`http://127.0.0.1:${port}/`)).headers.get('content-type')).toContain('text/html');
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');

    // A frame that workerd would swallow gets its error, and the socket lives.
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/ws`, { headers: { cookie, origin: `http://127.0.0.1:${port}` } });
    const frames: string[] = [];
    socket.on('message', (data) => frames.push(data.toString()));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('x'.repeat(33 * 1024 * 1024));
    socket.send('{"type":"ping"}');
    while (!frames.some((frame) => frame.includes('pong'))) await sleep(20);
    expect(frames.join('\n')).toContain('too_large');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await fetch(`http://127.0.0.1:${port}/api/logout`, { method: 'POST', headers: { cookie, origin: `http://127.0.0.1:${port}` } });
    expect(await closed).toBe(4001);

    first.child.kill('SIGTERM');
    await new Promise((resolve) => first.child.once('exit', resolve));
    expect(first.child.exitCode).toBe(0);
    await expectNobodyUnder(home);

    const second = await run(home, port);
    expect(second.output()).not.toContain('Password');
    expect((await login(port, password)).status).toBe(200);
  });

  it('leaves nobody behind when it is killed, and starts again at once', async () => {
    const home = newHome();
    const port = await freePort();
    const { child } = await run(home, port);
    expect(processesOf(home).length).toBeGreaterThanOrEqual(2);
    child.kill('SIGKILL');
    const again = await run(home, port);
    expect(again.output()).toContain('Open ');
    again.child.kill('SIGINT');
    await new Promise((resolve) => again.child.once('exit', resolve));
    await expectNobodyUnder(home);
  });

  it('keeps a chosen password to itself, refuses a second one on the same folder, and starts a child again that dies', async () => {
    const home = newHome();
    const port = await freePort();
    const { output } = await run(home, port, { ADMIN_PASSWORD: 'a chosen password' });
    expect(output()).not.toContain('a chosen password');
    const edge = processesOf(home).find(({ command }) => command.includes('workerd serve'));
    if (process.platform === 'linux') expect(readFileSync(`/proc/${edge?.pid}/environ`, 'utf8')).not.toContain('a chosen password');

    const second = await run(home, await freePort());
    expect(second.child.exitCode).not.toBe(0);
    expect(second.output()).toMatch(/another agent/i);
    expect((await fetch(`http://127.0.0.1:${port}/api/health`)).status).toBe(200);

    const health = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/health`).catch(() => null);
      return answer?.status === 200 && (await answer.text()).includes('"host_online":true');
    };
    for (const part of ['agent/main.js', 'workerd serve']) {
      const pid = processesOf(home).find((found) => found.command.includes(part))?.pid;
      expect(pid, part).toBeDefined();
      process.kill(pid ?? 0, 'SIGKILL');
      // Its successor, and not only its end: what was below it may go on answering for a moment.
      const isAgain = (): boolean => processesOf(home).some((found) => found.command.includes(part) && found.pid !== pid);
      while (processesOf(home).some((found) => found.pid === pid) || !isAgain()) await sleep(20);
      while (!(await health())) await sleep(100);
    }
    // Started for the second time, too, with what bounds its memory.
    expect(processesOf(home).find(({ command }) => command.includes('agent/main.js'))?.command).toContain(AGENT_FLAGS.join(' '));
    // The page says what happened: Audit, Restarts.
    let answer = await login(port, 'a chosen password').catch(() => null);
    for (; answer?.status !== 200; answer = await login(port, 'a chosen password').catch(() => null)) await sleep(100);
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const audit = await (await fetch(`http://127.0.0.1:${port}/api/audit?event=agent`, { headers: { cookie } })).json();
    expect(audit).toMatchObject({
      items: [{ event: 'agent.restart', detail: { reason: expect.stringContaining('was ended by SIGKILL') } }],
    });
  });

  it('stops before it prints anything when the port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const home = newHome();
    const { child, output } = await run(home, port);
    expect(child.exitCode).toBe(1);
    expect(output()).toBe(`toru: Port ${port} on 127.0.0.1 is taken by another program. Stop it, or set STEERING_PORT to another port.\n`);
    expect(readdirSync(home)).not.toContain('toru.db');
    taken.close();
  });

  it('refuses to start in production without a password, in one line', async () => {
    const { child, output } = await run(newHome(), await freePort(), { PRODUCTION: '1' });
    expect(child.exitCode).not.toBe(0);
    expect(output().trim().split('\n')).toEqual([expect.stringContaining('ADMIN_PASSWORD')]);
  });

  async function expectNobodyUnder(home: string): Promise<void> {
    for (const deadline = Date.now() + 30_000; processesOf(home).length > 0 && Date.now() < deadline; ) await sleep(50);
    expect(processesOf(home)).toEqual([]);
  }

  /** Everything that was started for this TORU_HOME: told by its environment, or by the folder that it serves. */
  function processesOf(home: string): { pid: number; command: string }[] {
    if (process.platform !== 'linux') return [];
    return readdirSync('/proc').flatMap((name) => {
      const pid = Number(name);
      if (!Number.isInteger(pid)) return [];
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return environment.includes(`TORU_HOME=${home}`) || environment.includes(`TORU_EDGE_HOME=${home}`) ? [{ pid, command }] : [];
      } catch {
        return [];
      }
    });
  }
});
