import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { answerOrders } from '../helper-process.ts';

/**
 * Many browsers that watch one run, each acknowledging what it took in for a quarter of its window. `open` answers when
 * all are attached, `close` with how many of them have seen all of the output and the exit.
 */

const order = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('open'),
    url: z.string(),
    /** One set of headers per session; sockets are dealt out among them. */
    sessions: z.array(z.record(z.string(), z.string())),
    count: z.int(),
    task: z.string(),
  }),
  z.object({ do: z.literal('close'), bytes: z.int() }),
]);

interface Viewer {
  socket: WebSocket;
  cursor: number;
  ended: Promise<void>;
}

let viewers: Viewer[] = [];
/** Handshakes at once: a thousand together would only measure the accept queue. */
const AT_ONCE = 20;

answerOrders(async (said) => {
  const asked = order.parse(said);
  if (asked.do === 'close') {
    await Promise.all(viewers.map(({ ended }) => ended));
    const complete = viewers.filter(({ cursor }) => cursor === asked.bytes).length;
    for (const { socket } of viewers) socket.terminate();
    viewers = [];
    return complete;
  }
  for (let made = 0; made < asked.count; made += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, asked.count - made) }, (_, i) =>
      open(asked.url, asked.sessions[(made + i) % asked.sessions.length] ?? {}, asked.task),
    );
    viewers.push(...(await Promise.all(some)));
  }
  return viewers.length;
});

async function open(url: string, headers: Record<string, string>, task: string): Promise<Viewer> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  await once(socket, 'message');
  let window = 1024 * 1024;
  let acked = 0;
  let attached = (): void => undefined;
  let end = (): void => undefined;
  const isAttached = new Promise<void>((resolve) => {
    attached = resolve;
  });
  const viewer: Viewer = { socket, cursor: 0, ended: new Promise((resolve) => (end = resolve)) };
  socket.on('close', () => end());
  socket.on('message', (data: Buffer) => {
    const cursor = /"cursor":(\d+)\}$/.exec(data.toString('latin1', Math.max(0, data.length - 48)))?.[1];
    if (cursor !== undefined) {
      viewer.cursor = Number(cursor);
      if (viewer.cursor - acked >= window / 4) {
        acked = viewer.cursor;
        socket.send(JSON.stringify({ type: 'ack', task_id: task, cursor: acked }));
      }
      return;
    }
    const text = data.toString();
    const said = /"window":(\d+)/.exec(text)?.[1];
    if (said !== undefined) window = Number(said);
    if (text.startsWith('{"type":"attached"')) attached();
    if (text.startsWith('{"type":"exit"')) end();
  });
  socket.send(JSON.stringify({ type: 'attach', task_id: task, from: 0 }));
  await isAttached;
  return viewer;
}
