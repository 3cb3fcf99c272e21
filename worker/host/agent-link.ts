import { LINK_DEAD_MS, TUNNEL_FRAME } from '../../shared/limits.ts';
import type { EdgeControl } from '../../shared/link-protocol.ts';
import { binaryMessage, CONTROL, textMessage } from '../../shared/link-protocol.ts';
import type { Turn } from '../../shared/outbound.ts';
import { Outbound } from '../../shared/outbound.ts';
import { SendWindow } from '../../shared/send-window.ts';
import type { LinkState } from './attachment.ts';
import { FrameShares } from './frame-shares.ts';
import { sendQuietly } from './quietly.ts';

/**
 * Bodies on their way may delay a cancel by so much, beyond what the way itself takes: less than output may on its way back,
 * because nobody looks at an upload as it goes.
 */
const BODIES_WAIT_MS = 25;
const MARK = textMessage(CONTROL, JSON.stringify({ type: 'mark' } satisfies EdgeControl));

/** The one proven socket of the agent. */
export class Link {
  readonly socket: WebSocket;
  /** The agent's process, where it says so. */
  readonly process: string | undefined;
  readonly #ctx: DurableObjectState;
  readonly #since: number;
  /** Of this link: what was on its way goes with it. */
  readonly #shares = new FrameShares();
  #heard = 0;
  /** Does its agent say what it read? Of one that does not, nothing is counted. */
  readonly #credit: boolean;
  /** What is on its way to the agent; null when the agent does not say what arrives. */
  readonly #outbound: Outbound | null;

  /** @param state of its socket, which may be older than this object. */
  constructor(ctx: DurableObjectState, socket: WebSocket, state: LinkState) {
    this.#ctx = ctx;
    this.socket = socket;
    this.process = state.process;
    this.#since = state.since;
    this.#credit = state.credit === true;
    const sink = {
      // workerd does not say what it buffers: the answers to the marks do.
      bufferedAmount: 0,
      send: (message: string | Uint8Array) => void sendQuietly(socket, message),
      mark: () => void sendQuietly(socket, MARK),
    };
    const options = { window: new SendWindow({ targetMs: BODIES_WAIT_MS }), soon: (callback: () => void) => queueMicrotask(callback) };
    this.#outbound = state.marks === true ? new Outbound(sink, options) : null;
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
    this.#send(textMessage(CONTROL, JSON.stringify(message)));
  }

  /** A browser's frame goes on its way, unchanged. @returns false when its user has as much unread at the agent as they may. */
  relay({ conn, sub }: { conn: string; sub: string }, frame: string): boolean {
    if (this.#credit) {
      if (!this.#shares.fits(sub, frame.length)) return false;
      this.#shares.sent(sub, conn, frame.length);
    }
    this.#send(textMessage(`c/${conn}`, frame));
    return true;
  }

  /** The agent read so much of what these connections sent. */
  credit(conns: Readonly<Record<string, number>>): void {
    for (const [conn, size] of Object.entries(conns)) this.#shares.read(conn, size);
  }

  binary(topic: string, payload: Uint8Array): void {
    this.#send(binaryMessage(topic, payload));
  }

  /** Calls back when one frame of a body of this user may be sent; never, once the link is gone. */
  turn(user: string, callback: Turn): void {
    if (this.#outbound === null) callback(TUNNEL_FRAME);
    else this.#outbound.turn(callback, user);
  }

  /** The agent read all that came before the oldest mark. */
  arrived(): void {
    this.#outbound?.arrived();
  }

  /** Nothing more is sent, and whoever waits for a turn is dropped. */
  close(): void {
    this.#outbound?.close();
  }

  #send(message: string | Uint8Array): void {
    if (this.#outbound === null) sendQuietly(this.socket, message);
    else this.#outbound.send(message);
  }
}
