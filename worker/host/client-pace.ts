import { CLIENT_ACKS_BURST, CLIENT_ACKS_PER_S, CLIENT_FRAMES_BURST, CLIENT_FRAMES_PER_S } from '../../shared/limits.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';

/** How fast one browser's socket may talk: acknowledgements are counted apart, since there is one for every frame of output. */
export class ClientPace {
  readonly #frames: TokenBucket;
  readonly #acks: TokenBucket;

  /** @param now in ms, as everywhere here. */
  constructor(now: number) {
    this.#frames = new TokenBucket(CLIENT_FRAMES_BURST, CLIENT_FRAMES_PER_S, now);
    this.#acks = new TokenBucket(CLIENT_ACKS_BURST, CLIENT_ACKS_PER_S, now);
  }

  /** May it say this now? Counts it, if so. */
  admit(message: string | ArrayBuffer, now: number): boolean {
    return (isAck(message) ? this.#acks : this.#frames).take(now);
  }
}

/** By its beginning, as everybody spells it: reading the frame is the agent's. One that is spelled otherwise counts as any frame. */
function isAck(message: string | ArrayBuffer): boolean {
  return typeof message === 'string' && message.length < 200 && message.startsWith('{"type":"ack"');
}
