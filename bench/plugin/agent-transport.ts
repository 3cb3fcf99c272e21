import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import type { PluginTransport } from './plugin-transport.ts';
import { PIECE } from './plugin-transport.ts';

/**
 * A Unix socket’s queue of connections is short (511 with Node): who comes when it is full is turned away, and comes again.
 * So does whose connection the agent has just closed, because it was idle for 5 s.
 */
const AGAIN_MS = 5;

/** HTTP at the agent's local socket, over connections that stay open. */
export function agentTransport(socketPath: string, plugin: string): PluginTransport {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 16 });
  const open = (method: string, path: string, headers: Record<string, string> = {}) =>
    request({ socketPath, agent, method, path: `/api/plugins/${plugin}${path}`, headers });
  const text = async (answer: IncomingMessage): Promise<string> => {
    let said = '';
    for await (const part of answer.setEncoding('utf8')) said += String(part);
    if (answer.statusCode !== 200) throw new Error(`the agent answered ${answer.statusCode}: ${said}`);
    return said;
  };
  const get = async (path: string): Promise<IncomingMessage> => {
    for (;;) {
      const asking = open('GET', path).end();
      const answer = await new Promise<IncomingMessage | null>((resolve, reject) => {
        asking.on('response', resolve);
        asking.on('error', (error) =>
          asking.reusedSocket || ('code' in error && error.code === 'EAGAIN') ? resolve(null) : reject(error),
        );
      });
      if (answer !== null) return answer;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  return {
    ask: async (path) => text(await get(path)),
    download: async (path) => {
      let bytes = 0;
      for await (const part of await get(path)) if (Buffer.isBuffer(part)) bytes += part.length;
      return bytes;
    },
    upload: async (path, bytes) => {
      const asking = open('POST', path, { 'content-length': String(bytes), 'content-type': 'application/octet-stream' });
      const answered = new Promise<IncomingMessage>((resolve, reject) => asking.on('response', resolve).on('error', reject));
      for (let sent = 0; sent < bytes; sent += PIECE.length)
        if (!asking.write(PIECE.subarray(0, bytes - sent))) await Promise.race([once(asking, 'drain'), answered]);
      asking.end();
      return text(await answered);
    },
    close: async () => agent.destroy(),
  };
}
