import type { WebSocket } from 'ws';

/** Waits for a socket's first sign. @param by `message` where the other side greets. @throws when it is closed instead. */
export function opened(socket: WebSocket, by: 'open' | 'message'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(by, () => resolve());
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`closed with ${code} before it began`)));
  });
}
