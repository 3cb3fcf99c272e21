import type { System } from '../../shared/system.ts';
import type { KeyPin } from './dial.ts';
import type { Link } from './link.ts';

/** How this host stands with its edge, for `toru status`, `toru doctor` and the page. */
export class LinkStanding {
  readonly #link: Link;
  readonly #pin: KeyPin;
  #duplicate: NonNullable<System['edge']>['duplicate'] = null;

  constructor(link: Link, pin: KeyPin) {
    this.#link = link;
    this.#pin = pin;
  }

  /** Another agent came with our key. `at` in ms since 1970. */
  duplicateSeen({ at, address, name }: { at: number; address: string; name: string }): void {
    this.#duplicate = { at: new Date(at).toISOString(), address, name };
  }

  get shown(): System['edge'] {
    const { origin, connected, error, unknownHost } = this.#link.status;
    return {
      origin,
      linked: connected,
      problem: connected ? null : error,
      unknown: unknownHost,
      key: this.#pin.key,
      duplicate: this.#duplicate,
    };
  }
}
