/** What may fail because the other side is gone, which its own close event tells us anyway. */

/** False when the socket is closed or closing. */
export function sendQuietly(socket: WebSocket, message: string | Uint8Array): boolean {
  try {
    socket.send(message);
    return true;
  } catch {
    return false;
  }
}

/** A reason is ≤ 123 bytes; a code that may not be sent (1005, 1006, 1015) becomes 1000. */
export function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code === 1005 || code === 1006 || code === 1015 ? 1000 : code, reason.slice(0, 120));
  } catch {
    // It was closed before we came.
  }
}

/** A closed tab can stay in getWebSockets() as CLOSING (https://github.com/cloudflare/workerd/issues/1187). */
export function isOpen(socket: WebSocket): boolean {
  return socket.readyState === WebSocket.OPEN;
}
