import { LINK_DEAD_MS } from '../../shared/limits.ts';
import type { EdgeControl } from '../../shared/link-protocol.ts';
import { binaryMessage, CONTROL, textMessage } from '../../shared/link-protocol.ts';
import { sendQuietly } from './quietly.ts';

/** The one proven socket of the agent. */
export class Link {
  readonly socket: WebSocket;
  readonly #ctx: DurableObjectState;
  readonly #since: number;
  #heard = 0;

  /** @param since when the link was made, which may be many objects ago. */
  constructor(ctx: DurableObjectState, socket: WebSocket, since: number) {
    this.#ctx = ctx;
    this.socket = socket;
    this.#since = since;
  }

  /** A message came. Pings are answered without waking us, and leave their own timestamp. */
  hear(now: number): void {
    this.#heard = now;
  }

  /** When the agent last gave a sign of life, in ms since 1970. */
  get lastSign(): number {
    const pinged = this.#ctx.getWebSocketAutoResponseTimestamp(this.socket)?.getTime();
    return Math.max(this.#since, this.#heard, pinged ?? 0);
  }

  /** A socket says nothing when the machine at its other end lost power: only silence tells. */
  dead(now: number): boolean {
    return now - this.lastSign >= LINK_DEAD_MS;
  }

  is(socket: WebSocket): boolean {
    return this.socket === socket;
  }

  control(message: EdgeControl): void {
    sendQuietly(this.socket, textMessage(CONTROL, JSON.stringify(message)));
  }

  text(topic: string, payload: string): void {
    sendQuietly(this.socket, textMessage(topic, payload));
  }

  binary(topic: string, payload: Uint8Array): void {
    sendQuietly(this.socket, binaryMessage(topic, payload));
  }
}
