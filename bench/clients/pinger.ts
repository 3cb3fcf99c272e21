import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { USER_FRAMES_PER_S } from '../../shared/limits.ts';
import { opened } from '../opened.ts';

/** So many the edge takes from one socket at once (CLIENT_FRAMES_BURST is 300). */
export const BURST = 250;

/** The median of round trips one after another on a fresh socket, in ms. @param hello wait for a first message. */
export async function roundTrips(
  url: string,
  { headers = {}, frame, hello }: { headers?: Record<string, string>; frame: string; hello: boolean },
): Promise<number[]> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  await opened(socket, hello ? 'message' : 'open');
  const closed = new AbortController();
  socket.once('close', (code) => closed.abort(new Error(`the edge closed the socket (${code})`)));
  const times: number[] = [];
  for (let i = 0; i < BURST; i += 1) {
    const start = performance.now();
    socket.send(frame);
    await once(socket, 'message', { signal: closed.signal });
    times.push(performance.now() - start);
  }
  socket.terminate();
  // All sockets of one user share a rate.
  if (hello) await sleep((BURST / USER_FRAMES_PER_S) * 1000);
  // The first ones open paths.
  return times.slice(50);
}
