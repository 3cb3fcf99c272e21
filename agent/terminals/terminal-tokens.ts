import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { terminalId } from '../../shared/terminals.ts';

const PURPOSE = 'toru/terminal-token/v1\0';
const KEY_BYTES = 32;

/**
 * The token of each terminal, which its programs get as TORU_TERMINAL_TOKEN: made from a key of this host (TORU_HOME/terminals/token.key,
 * 0600), so that none of them is written anywhere, and each is worth nothing without its terminal.
 */
export class TerminalTokens {
  readonly #file: string;
  #key: Buffer | null = null;

  /** @param home TORU_HOME */
  constructor(home: string) {
    this.#file = join(home, 'terminals', 'token.key');
  }

  /** `<id>.<256 bits in base64url>` */
  of(id: string): string {
    return `${id}.${this.#mac(id).toString('base64url')}`;
  }

  /** @returns the terminal whose token it is; null: nobody's. Whether that terminal runs is asked elsewhere. */
  terminalOf(token: string): string | null {
    const [id, mac, more] = token.split('.');
    if (id === undefined || mac === undefined || more !== undefined || !terminalId.safeParse(id).success) return null;
    const given = Buffer.from(mac, 'base64url');
    const expected = this.#mac(id);
    return given.length === expected.length && timingSafeEqual(given, expected) ? id : null;
  }

  #mac(id: string): Buffer {
    this.#key ??= keyIn(this.#file);
    return createHmac('sha256', this.#key).update(`${PURPOSE}${id}`).digest();
  }
}

function keyIn(file: string): Buffer {
  try {
    const key = readFileSync(file);
    if (key.length === KEY_BYTES) return key;
  } catch {
    // The first terminal of this host: it is made.
  }
  const key = randomBytes(KEY_BYTES);
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, key, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return key;
}
