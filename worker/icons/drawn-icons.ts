import { ToruError } from '../../shared/errors.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { IconLook } from './icon.ts';
import { drawIcon } from './icon.ts';

/** Kept, of about 3 KB each: those of a household, and what others ask for beside them. */
const KEPT = 200;
/** Anybody may ask for icons, and drawing one takes milliseconds of the thread that carries everybody's frames: so many at once, then so many a second. */
const AT_ONCE = 60;
const A_SECOND = 10;

/** Icons as they were drawn; those that nobody asked for lately make room. */
export class DrawnIcons {
  readonly #kept = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  readonly #draws = new TokenBucket(AT_ONCE, A_SECOND, 0);

  /** @param name by which it is kept. @throws ToruError too_many_requests, with `retry_after` in seconds. */
  get(name: string, look: IconLook, now: number): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#kept.get(name);
    if (kept === undefined && !this.#draws.take(now)) {
      const retry_after = Math.ceil(this.#draws.wait(now) / 1000);
      throw new ToruError('too_many_requests', 'Too many icons are wanted at once. Try again in a moment.', { extra: { retry_after } });
    }
    const icon = kept ?? drawIcon(look);
    // The newest stand at the end.
    this.#kept.delete(name);
    this.#kept.set(name, icon);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > KEPT && oldest.done !== true) this.#kept.delete(oldest.value);
    return icon;
  }
}
