import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { eventually } from '../../test/harness/eventually.ts';
import { freePort } from '../../test/harness/toru.ts';

/** shellinaboxd, as Debian packages it: a page asks for output by a request that waits, and types by another. */
const PROGRAM = '/usr/bin/shellinaboxd';

export const isInstalled = (): boolean => existsSync(PROGRAM);

/** A running shellinaboxd; each page that is opened gets a terminal of its own, in which its program runs. */
export interface Shellinabox extends AsyncDisposable {
  pid: number;
  open(hear: (data: string) => void): Promise<ShellinaboxPage>;
}

export interface ShellinaboxPage {
  type(keys: string): void;
  close(): void;
}

/** @param program absolute, without arguments. */
export async function startShellinabox(program: string): Promise<Shellinabox> {
  const port = await freePort();
  const service = `/:root:root:/:${program}`;
  const args = ['--disable-ssl', '--no-beep', '--localhost-only', `--port=${port}`, `--service=${service}`];
  const child = spawn(PROGRAM, args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  await eventually('shellinabox answers', async () => (await fetch(url).catch(() => null))?.ok === true, { holds: (seen) => seen });
  return {
    pid: child.pid ?? 0,
    open: (hear) => openPage(url, hear),
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
    },
  };
}

async function openPage(url: string, hear: (data: string) => void): Promise<ShellinaboxPage> {
  const agent = new Agent({ keepAlive: true });
  const size = 'width=80&height=24';
  const first = JSON.parse(await posted(url, agent, `${size}&rooturl=${encodeURIComponent(url)}`));
  const session = `${size}&session=${encodeURIComponent(first.session)}`;
  let closed = false;
  const listen = async (): Promise<void> => {
    while (!closed) {
      const answer = await posted(url, agent, session).catch(() => '');
      if (answer === '') return;
      hear(String(JSON.parse(answer).data ?? ''));
    }
  };
  void listen();
  return {
    type: (keys) => void posted(url, agent, `${session}&keys=${Buffer.from(keys).toString('hex')}`).catch(() => undefined),
    close: () => {
      closed = true;
      agent.destroy();
    },
  };
}

function posted(url: string, agent: Agent, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', 'content-length': Buffer.byteLength(body) };
    const asked = request(`${url}?`, { method: 'POST', agent, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => resolve(Buffer.concat(parts).toString('latin1')));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
