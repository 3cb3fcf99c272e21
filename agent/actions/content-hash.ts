import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ActionRow } from './action-row.ts';
import { codeOf } from './code-of-action.ts';

/** More files are not remembered: the oldest go. */
const MAX_FILES = 2000;

/** What a press runs, as one number: the same on two hosts means the same script with the same definition, wherever its tile stands and whoever may press it. */
export class ContentHashes {
  /** By path: as the file was when its bytes were read. */
  readonly #files = new Map<string, { at: string; hash: string }>();

  /** @param path the script's, resolved. @returns SHA-256, hex; null when the file can't be read. */
  async of(row: ActionRow, path: string): Promise<string | null> {
    try {
      const script = await this.#file(path);
      return createHash('sha256')
        .update(JSON.stringify([codeOf({ ...row, allow: 'everyone', group: '', size: 'normal' }), script]))
        .digest('hex');
    } catch {
      // It went between two looks: the next look says what is wrong.
      return null;
    }
  }

  /** Read once for each state of the file: its time of change can't be set by hand. */
  async #file(path: string): Promise<string> {
    const { ino, size, ctimeNs } = await stat(path, { bigint: true });
    const at = `${ino} ${size} ${ctimeNs}`;
    const known = this.#files.get(path);
    if (known?.at === at) return known.hash;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    const read = { at, hash: hash.digest('hex') };
    this.#files.delete(path);
    this.#files.set(path, read);
    const [oldest] = this.#files.keys();
    if (this.#files.size > MAX_FILES && oldest !== undefined) this.#files.delete(oldest);
    return read.hash;
  }
}
