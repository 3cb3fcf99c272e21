import { spawn } from 'node:child_process';
import { WebSocket } from 'ws';
import { eventually } from '../../test/harness/eventually.ts';
import { freePort } from '../../test/harness/toru.ts';
import { inPeers } from './folder.ts';

/** wetty, as npm has it: a terminal is a connection of socket.io, and ends with it. */
const program = (): string | null => inPeers('node_modules/wetty/build/main.js');

export const hasWetty = (): boolean => program() !== null;

/** A running wetty; each page that is opened gets a terminal of its own, in which its program runs. */
export interface Wetty extends AsyncDisposable {
  pid: number;
  open(hear: (data: string) => void): Promise<WettyPage>;
}

export interface WettyPage {
  type(keys: string): void;
  close(): void;
}

/** @param command absolute, without arguments. */
export async function startWetty(command: string): Promise<Wetty> {
  const port = await freePort();
  const args = [
    program() ?? '',
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--base',
    '/',
    '--command',
    command,
    '--log-level',
    'error',
  ];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  await eventually('wetty answers', async () => (await fetch(url).catch(() => null))?.ok === true, {
    holds: (seen) => seen,
    limitMs: 60_000,
  });
  return {
    pid: child.pid ?? 0,
    open: (hear) => openPage(url, hear),
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The words of Engine.IO 4 and Socket.IO 5, as far as its page needs them. */
const OPEN = '40';
const EVENT = '42';
const PING = '2';
const PONG = '3';

function openPage(url: string, hear: (data: string) => void): Promise<WettyPage> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}socket.io/?EIO=4&transport=websocket`, {
    headers: { origin: url.slice(0, -1) },
  });
  const say = (...event: unknown[]): void => socket.send(EVENT + JSON.stringify(event));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(OPEN));
    socket.on('message', (bytes) => {
      const text = String(bytes);
      if (text === PING) return socket.send(PONG);
      if (!text.startsWith(EVENT)) return;
      const [name, data]: unknown[] = JSON.parse(text.slice(EVENT.length));
      if (name === 'login') {
        say('resize', { cols: 80, rows: 24 });
        resolve({ type: (keys) => say('input', keys), close: () => socket.terminate() });
      }
      if (name !== 'data' || typeof data !== 'string') return;
      // What its page has taken in: it sends 2 MiB ahead.
      say('commit', data.length);
      hear(data);
    });
  });
}
