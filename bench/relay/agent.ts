import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { LINK_HIGH_WATER, MAX_OUTPUT_FRAME } from '../../shared/limits.ts';
import { answerOrders } from '../helper-process.ts';

/** The bare host: sends a file in 64 KiB frames to whoever says its path, and anything else back as it came. */

const order = z.object({ socket: z.string() });

answerOrders(async (said) => {
  // As the link does (agent/link/dial.ts): no mask.
  const generateMask = (key: Buffer): void => void key.fill(0);
  const socket = new WebSocket(`ws+unix:${order.parse(said).socket}:/agent`, { perMessageDeflate: false, generateMask });
  socket.on('message', (data) => {
    const message = data.toString();
    const cut = message.indexOf('\0');
    const path = /^send (.*)$/.exec(message.slice(cut + 1))?.[1];
    if (path === undefined) socket.send(message);
    else void sendFile(socket, message.slice(0, cut), path);
  });
  await once(socket, 'open');
  return 0;
});

async function sendFile(socket: WebSocket, to: string, path: string): Promise<void> {
  const file = await open(path);
  const bytes = Buffer.allocUnsafe(MAX_OUTPUT_FRAME);
  for (;;) {
    const { bytesRead } = await file.read(bytes, 0, bytes.length);
    if (bytesRead === 0) break;
    const sent = new Promise<void>((resolve) => socket.send(`${to}\0${bytes.toString('utf8', 0, bytesRead)}`, () => resolve()));
    if (socket.bufferedAmount >= LINK_HIGH_WATER) await sent;
  }
  await file.close();
  socket.send(`${to}\0end`);
}
