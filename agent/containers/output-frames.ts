import type { Readable } from 'node:stream';

const HEAD = 8;
const STDERR = 2;

/** Takes apart what an engine sends of a container without a terminal: frames of eight bytes (stream, three zeros, length) and their bytes. */
export async function* framesOf(source: Readable): AsyncGenerator<{ stream: 'stdout' | 'stderr'; bytes: Buffer }> {
  let waiting: Buffer = Buffer.alloc(0);
  let stream: 'stdout' | 'stderr' = 'stdout';
  let left = 0;
  for await (const chunk of source) {
    waiting = waiting.length === 0 ? Buffer.from(chunk) : Buffer.concat([waiting, Buffer.from(chunk)]);
    while (waiting.length > 0) {
      if (left === 0) {
        if (waiting.length < HEAD) break;
        stream = waiting[0] === STDERR ? 'stderr' : 'stdout';
        left = waiting.readUInt32BE(4);
        waiting = waiting.subarray(HEAD);
        continue;
      }
      const bytes = waiting.subarray(0, left);
      left -= bytes.length;
      waiting = waiting.subarray(bytes.length);
      yield { stream, bytes };
    }
  }
}

/** Prints what a container prints. What was printed before is passed by when the same is read once more. */
export class ContainerOutput {
  readonly #print: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
  readonly #printed = { stdout: 0, stderr: 0 };

  constructor(print: (stream: 'stdout' | 'stderr', bytes: Buffer) => void) {
    this.#print = print;
  }

  /** @param again the source begins at the container's first byte. @returns at its end, also where its connection broke. */
  async take(source: Readable, again = false): Promise<void> {
    const passed = { stdout: 0, stderr: 0 };
    try {
      for await (const { stream, bytes } of framesOf(source)) {
        const known = again ? Math.min(bytes.length, this.#printed[stream] - passed[stream]) : 0;
        const fresh = bytes.subarray(Math.max(0, known));
        if (again) passed[stream] += bytes.length;
        if (fresh.length === 0) continue;
        this.#printed[stream] += fresh.length;
        this.#print(stream, fresh);
      }
    } catch (error) {
      // Whether the container goes on is asked of the engine.
      if (!(error instanceof Error) || !('code' in error)) throw error;
    }
  }
}
