import { MAX_JSON_BODY, USER_BODIES_BURST, USER_BODIES_PER_S } from '../../shared/limits.ts';
import type { Turn } from '../../shared/outbound.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';

interface UserBodies {
  readonly pace: TokenBucket;
  /** By request; who has waited for longest stands first. */
  readonly waiting: Map<string, Turn>;
  /** Whose turns these are, and how many bytes it may still have of them. */
  current: { request: string; left: number } | null;
  /** A turn is asked for, or the pace rests. */
  busy: boolean;
}

/**
 * Which of a user's bodies goes next, and how fast all of them go together. A body has turns for MAX_JSON_BODY bytes before
 * another begins: the host holds one body after another, not the parts of sixteen. Their bytes wait where they come from,
 * since what has no turn is not read.
 */
export class BodyTurns {
  readonly #link: (user: string, callback: Turn) => void;
  readonly #now: () => number;
  readonly #users = new Map<string, UserBodies>();

  /** @param link asks for a turn on the link. @param now in ms. */
  constructor(link: (user: string, callback: Turn) => void, now: () => number = () => Date.now()) {
    this.#link = link;
    this.#now = now;
  }

  /** Calls back when one frame of this request's body may be sent. It says with `sent` how long that was. */
  turn(user: string, request: string, callback: Turn): void {
    for (const [name, { busy, pace }] of this.#users) if (!busy && pace.full(this.#now())) this.#users.delete(name);
    const bodies = this.#users.get(user) ?? {
      pace: new TokenBucket(USER_BODIES_BURST, USER_BODIES_PER_S, this.#now()),
      waiting: new Map(),
      current: null,
      busy: false,
    };
    this.#users.set(user, bodies);
    bodies.waiting.set(request, callback);
    this.#ask(user, bodies);
  }

  /** So many bytes of this user's bodies went. */
  sent(user: string, bytes: number): void {
    const bodies = this.#users.get(user);
    if (bodies === undefined) return;
    if (bodies.current !== null) bodies.current.left -= bytes;
    const rest = bodies.pace.spend(bytes, this.#now());
    if (rest > 0) this.#rest(user, bodies, rest);
  }

  #rest(user: string, bodies: UserBodies, ms: number): void {
    bodies.busy = true;
    setTimeout(() => {
      bodies.busy = false;
      this.#ask(user, bodies);
    }, ms);
  }

  #ask(user: string, bodies: UserBodies): void {
    if (bodies.busy || bodies.waiting.size === 0) return;
    bodies.busy = true;
    this.#link(user, (size) => {
      bodies.busy = false;
      this.#next(bodies)?.(size);
      this.#ask(user, bodies);
    });
  }

  #next(bodies: UserBodies): Turn | undefined {
    const { waiting, current } = bodies;
    const [oldest] = waiting.keys();
    const request = current !== null && current.left > 0 && waiting.has(current.request) ? current.request : oldest;
    if (request === undefined) return undefined;
    if (request !== current?.request) bodies.current = { request, left: MAX_JSON_BODY };
    else if (current.left <= 0) current.left = MAX_JSON_BODY;
    const turn = waiting.get(request);
    waiting.delete(request);
    return turn;
  }
}
