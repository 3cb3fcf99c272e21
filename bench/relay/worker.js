import { DurableObject } from 'cloudflare:workers';

/** The bare relay: what a Durable Object costs that does nothing but forward. Toru's figures are held against it. */
export class Relay extends DurableObject {
  #agent = null;
  #names = new Map();
  #browsers = new Map();

  fetch(request) {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    if (new URL(request.url).pathname === '/agent') this.#agent = server;
    else {
      const name = String(this.#names.size);
      this.#names.set(server, name);
      this.#browsers.set(name, server);
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(socket, message) {
    if (socket !== this.#agent) {
      this.#agent.send(`${this.#names.get(socket)}\0${message}`);
      return;
    }
    const cut = message.indexOf('\0');
    this.#browsers.get(message.slice(0, cut))?.send(message.slice(cut + 1));
  }
}

// biome-ignore lint/style/noDefaultExport: what workerd looks for.
export default {
  fetch: (request, env) => env.RELAY.get(env.RELAY.idFromName('relay')).fetch(request),
};
