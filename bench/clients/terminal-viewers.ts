import { WebSocket } from 'ws';
import * as z from 'zod';
import { answerOrders } from '../helper-process.ts';
import { opened } from '../opened.ts';

/** Browsers that look at one terminal, and do nothing with it: of a frame they read where the cursor stands. They stay until the process ends. */

const order = z.object({
  url: z.string(),
  /** One set of headers per session; sockets are dealt out among them. */
  sessions: z.array(z.record(z.string(), z.string())),
  id: z.string(),
  viewers: z.int(),
});

const TAIL = 48;
const ACK_BYTES = 4096;

/** Answers when all are attached. */
answerOrders(async (message) => {
  const { url, sessions, id, viewers } = order.parse(message);
  for (let i = 0; i < viewers; i += 1) {
    const socket = new WebSocket(url, { headers: sessions[i % sessions.length] ?? {}, perMessageDeflate: false });
    await opened(socket, 'message');
    let acked = 0;
    const attached = new Promise((resolve) => {
      socket.on('message', (data: Buffer) => {
        resolve(null);
        const cursor = Number(/"cursor":(\d+)\}$/.exec(data.subarray(-TAIL).toString())?.[1]);
        if (!(cursor - acked >= ACK_BYTES)) return;
        acked = cursor;
        socket.send(JSON.stringify({ type: 'ack', terminal_id: id, cursor }));
      });
    });
    socket.send(JSON.stringify({ type: 'attach', terminal_id: id, from: 'tail' }));
    await attached;
  }
  return viewers;
});
