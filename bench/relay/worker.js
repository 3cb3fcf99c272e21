import { DurableObject } from 'cloudflare:workers';

/** The bare relay: what a Durable Object costs that does nothing but forward. Toru's figures are held against it. */
export class Relay extends DurableObject {
  #agent = null;
  #next = 0;
  #names = new Map();
  #browsers = new Map();

  /** An object that had nothing to do for 10 s is put away, and a bench on a busy machine is slower than that. */
  constructor(ctx, env) {
    super(ctx, env);
    for (const socket of ctx.getWebSockets()) this.#know(socket, socket.deserializeAttachment());
  }

  fetch(request) {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const name = new URL(request.url).pathname === '/agent' ? 'agent' : String(this.#next);
    server.serializeAttachment(name);
    this.#know(server, name);
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

  #know(socket, name) {
    if (name === 'agent') this.#agent = socket;
    else {
      this.#names.set(socket, name);
      this.#browsers.set(name, socket);
      this.#next = Math.max(this.#next, Number(name) + 1);
    }
  }
}

// biome-ignore lint/style/noDefaultExport: what workerd looks for.
export default {
  fetch: (request, env) => env.RELAY.get(env.RELAY.idFromName('relay')).fetch(request),
};
