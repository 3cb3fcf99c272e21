import http from 'node:http';

/**
 * Miniflare opens an HTTP server on loopback for what a developer's Worker asks of its own process: it stores files wherever
 * the query says, lists folders and starts browsers, for everybody who finds its port (measured, 4.20260730) — another user
 * of this machine, or a page in the owner's browser, whose POST needs no leave. Our Worker asks it nothing, so while miniflare
 * starts, a server that is made drops every connection before a byte of it is read. Its port stays bound: workerd is told it.
 * @param start makes and awaits the Miniflare. Nothing else in this process may open an HTTP server meanwhile.
 */
export async function withLoopbackShut<T>(start: () => Promise<T>): Promise<T> {
  const open = http.createServer;
  http.createServer = () => {
    const server = open();
    server.removeAllListeners('connection').on('connection', (socket) => socket.destroy());
    return server;
  };
  try {
    return await start();
  } finally {
    http.createServer = open;
  }
}
