import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitLines } from '../../plugin-sdk/src/agent-connection.ts';
import type { FromPlugin, HttpData, HttpRequest, Launch, ToPlugin } from '../../plugin-sdk/src/protocol.ts';
import { BODY_WINDOW } from '../../plugin-sdk/src/protocol.ts';
import type { PluginTransport } from './plugin-transport.ts';
import { PIECE } from './plugin-transport.ts';

type Said = Extract<FromPlugin, { type: 'http' }>['payload'];

const USER = { id: '00000000-0000-4000-8000-000000000001', username: 'bench', role: 'admin' } as const;
const EMPTY = { settings: {}, kv: { quota_bytes: 0, max_value_bytes: 0, max_key_bytes: 0 } };

/** Starts the plugin in a folder, and speaks the protocol with it: no HTTP, no rights, no checks. */
export async function bareHost(folder: string): Promise<PluginTransport> {
  const work = mkdtempSync(join(tmpdir(), 'toru-bench-plugin-'));
  const path = join(work, 's');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const child = spawn(process.execPath, ['plugin.ts'], { cwd: folder, stdio: ['pipe', 'ignore', 'inherit'] });
  const launch: Launch = { plugin: 'echo', socket: path, token: 'bench' };
  child.stdin.write(`${JSON.stringify(launch)}\n`);
  const socket = await new Promise<Socket>((resolve) => server.once('connection', resolve));
  const ready = Promise.withResolvers<void>();
  const asked = new Map<string, (said: Said) => void>();
  let last = 0;

  const send = (type: ToPlugin['type'], request_id: string, payload: ToPlugin['payload']): boolean =>
    socket.write(`${JSON.stringify({ type, timestamp: new Date().toISOString(), request_id, payload })}\n`);
  const lines = splitLines((line) => {
    const { type, request_id, payload }: FromPlugin = JSON.parse(line);
    if (type === 'http') asked.get(request_id)?.(payload);
    if (type === 'lifecycle' && payload.action === 'ready') ready.resolve();
    if (type === 'lifecycle' && payload.action === 'hello')
      send('lifecycle', request_id, {
        action: 'init',
        protocol: 1,
        plugin: 'echo',
        instance_id: 'bench',
        toru_version: '0',
        socket_path: path,
        log_path: '',
        ...EMPTY,
      });
  });
  socket.on('data', (chunk: Buffer) => lines(chunk));
  await ready.promise;

  /** @param heard is told of everything but the answer's head; it gives the result when there is one. */
  const exchange = <T>(
    head: Pick<HttpRequest, 'method' | 'path'> & { stream?: true },
    heard: (said: Said, id: string) => T | undefined,
    begun: (id: string) => void = () => undefined,
  ): Promise<T> => {
    last += 1;
    const id = `b${last}`;
    return new Promise<T>((resolve, reject) => {
      asked.set(id, (said) => {
        if (said.action === 'error') reject(new Error(said.message));
        const result = heard(said, id);
        if (result === undefined) return;
        asked.delete(id);
        resolve(result);
      });
      send('http', id, { action: 'request', query: '', headers: [], user: USER, ...head });
      begun(id);
    });
  };
  return {
    ask: (at) => exchange({ method: 'GET', path: at }, (said) => (said.action === 'response' ? said.body : undefined)),
    download: (at) => {
      let bytes = 0;
      let unsaid = 0;
      return exchange({ method: 'GET', path: at }, (said, id) => {
        if (said.action === 'end') return bytes;
        if (said.action !== 'data') return undefined;
        const { length } = Buffer.from(said.data, 'base64');
        bytes += length;
        unsaid += length;
        if (unsaid >= BODY_WINDOW / 2) send('http', id, { action: 'credit', bytes: unsaid });
        if (unsaid >= BODY_WINDOW / 2) unsaid = 0;
        return undefined;
      });
    },
    upload: (at, bytes) => {
      let credit = BODY_WINDOW;
      let left = bytes;
      const go = (id: string): void => {
        while (left > 0 && credit > 0) {
          const piece = PIECE.subarray(0, Math.min(left, credit));
          left -= piece.length;
          credit -= piece.length;
          const data: HttpData = { action: 'data', data: piece.toString('base64') };
          send('http', id, data);
          if (left === 0) send('http', id, { action: 'end' });
        }
      };
      return exchange(
        { method: 'POST', path: at, stream: true },
        (said, id) => {
          if (said.action === 'response') return said.body;
          if (said.action !== 'credit') return undefined;
          credit += said.bytes;
          go(id);
          return undefined;
        },
        go,
      );
    },
    close: async () => {
      const gone = once(child, 'exit');
      // The end of its input, and of the connection: the agent is gone.
      child.stdin.end();
      socket.destroy();
      server.close();
      await gone;
      rmSync(work, { recursive: true, force: true });
    },
  };
}
