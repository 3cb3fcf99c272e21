import {
  CLIENT_ACKS_BURST,
  CLIENT_ACKS_PER_S,
  CLIENT_FRAMES_BURST,
  CLIENT_FRAMES_PER_S,
  USER_ACKS_BURST,
  USER_ACKS_PER_S,
  USER_BYTES_BURST,
  USER_BYTES_PER_S,
  USER_FRAMES_BURST,
  USER_FRAMES_PER_S,
} from '../../shared/limits.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';

/** So many at once, then so many a second. */
export interface Rate {
  readonly burst: number;
  readonly perS: number;
}

/** Of what a pace is made: `units` are what all frames have together, in UTF-16 units. */
export interface ClientRates {
  readonly frames: Rate;
  readonly acks: Rate;
  readonly units?: Rate;
}

/** Of one socket. */
export const SOCKET_PACE: ClientRates = {
  frames: { burst: CLIENT_FRAMES_BURST, perS: CLIENT_FRAMES_PER_S },
  acks: { burst: CLIENT_ACKS_BURST, perS: CLIENT_ACKS_PER_S },
};
/** Of all sockets of a user together. */
export const USER_PACE: ClientRates = {
  frames: { burst: USER_FRAMES_BURST, perS: USER_FRAMES_PER_S },
  acks: { burst: USER_ACKS_BURST, perS: USER_ACKS_PER_S },
  // Behind a front nobody gets near it.
  units: { burst: 4 * USER_BYTES_BURST, perS: 4 * USER_BYTES_PER_S },
};

/** How fast browsers may talk: acknowledgements are counted apart, since there is one for every frame of output. */
export class ClientPace {
  readonly #frames: TokenBucket;
  readonly #acks: TokenBucket;
  readonly #units: TokenBucket | null;

  /** @param now in ms, as everywhere here. */
  constructor({ frames, acks, units }: ClientRates, now: number) {
    this.#frames = new TokenBucket(frames.burst, frames.perS, now);
    this.#acks = new TokenBucket(acks.burst, acks.perS, now);
    this.#units = units === undefined ? null : new TokenBucket(units.burst, units.perS, now);
  }

  /** May they say this now? Counts it, if so. */
  admit(message: string | ArrayBuffer, now: number): boolean {
    const size = typeof message === 'string' ? message.length : message.byteLength;
    return (isAck(message) ? this.#acks : this.#frames).take(now) && (this.#units?.take(now, size) ?? true);
  }

  /** Have they been silent for long enough to begin again? */
  rested(now: number): boolean {
    return this.#frames.full(now) && this.#acks.full(now) && (this.#units?.full(now) ?? true);
  }
}

/** By its beginning, as everybody spells it: reading the frame is the agent's. One that is spelled otherwise counts as any frame. */
function isAck(message: string | ArrayBuffer): boolean {
  return typeof message === 'string' && message.length < 200 && message.startsWith('{"type":"ack"');
}
