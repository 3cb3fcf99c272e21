import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { publicKey } from '../../shared/signed.ts';

/**
 * The key that an edge has to prove, by its origin: given by whoever started us (TORU_EDGE_KEY; `npm start` gives that of its
 * own edge), or else that of the first link, kept in TORU_HOME/edge-pins.json. `toru key unpin` forgets it.
 */
export class EdgePin {
  readonly #home: string;
  readonly #origin: string;
  readonly #given: string | null;

  constructor(home: string, edge: { origin: string; key?: string }) {
    this.#home = home;
    this.#origin = edge.origin;
    this.#given = edge.key ?? null;
  }

  /** Read again at each dial: the command may have changed it. Null before the first link. @throws when the file is damaged. */
  get key(): string | null {
    return this.#given ?? readPins(this.#home)[this.#origin] ?? null;
  }

  /** A link was made with an edge that proved this key. */
  learn(key: string): void {
    if (this.key === null) writePins(this.#home, { ...readPins(this.#home), [this.#origin]: key });
  }
}

export type Pins = Record<string, string>;
const pins = z.record(z.string(), publicKey);

/** Those that were kept in TORU_HOME, by origin. @throws when the file is damaged. */
export function pinnedKeys(home: string): Pins {
  return readPins(home);
}

/** The next link with any edge pins its key again. */
export function unpin(home: string): void {
  rmSync(pinFile(home), { force: true });
}

function readPins(home: string): Pins {
  const file = pinFile(home);
  try {
    return pins.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new Error(`${file} is damaged. Restore it, or remove it to pin the edge’s key again.`, { cause: error });
  }
}

function writePins(home: string, changed: Pins): void {
  const file = pinFile(home);
  writeFileSync(`${file}.part`, `${JSON.stringify(changed, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.part`, file);
}

function pinFile(home: string): string {
  return join(home, 'edge-pins.json');
}
