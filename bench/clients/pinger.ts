import { once } from 'node:events';
import { WebSocket } from 'ws';
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
  const times: number[] = [];
  for (let i = 0; i < BURST; i += 1) {
    const start = performance.now();
    socket.send(frame);
    await once(socket, 'message');
    times.push(performance.now() - start);
  }
  socket.terminate();
  // The first ones open paths.
  return times.slice(50);
}
