import { broken } from './tar.ts';

/** tar fills up to a record of 20 blocks; another program may choose a larger one. */
const MAX_FILLING = 1024 * 1024;

/** Takes a stream apart by numbers of bytes. No more than a chunk of it is in memory. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** At least one byte, at most `most`. @throws StartError at the end of the stream. */
  async some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done === true) throw broken('it ends too soon');
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** Exactly so many, which must fit the memory. @throws StartError */
  async take(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const piece = await this.some(left);
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** @throws StartError */
  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) left -= (await this.some(left)).length;
  }

  /** To the end of the stream, which only now is known to be whole: zeros, as tar fills its last blocks. @throws StartError */
  async end(): Promise<void> {
    for (let seen = 0; ; ) {
      if (seen > MAX_FILLING || this.#rest.some((byte) => byte !== 0)) throw broken('something follows its end');
      seen += this.#rest.length;
      const { value, done } = await this.#chunks.next();
      if (done === true) return;
      this.#rest = value;
    }
  }
}
