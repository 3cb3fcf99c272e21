import type { Readable } from 'node:stream';
import { createTarDecoder } from 'modern-tar';

export interface TarEntry {
  name: string;
  type: string;
  mode: number;
  size: number;
  /** To be read to its end, or left. */
  bytes: () => AsyncGenerator<Uint8Array>;
}

/** The entries of a tar, one after another. What of one is not read is passed by. */
export async function* tarEntries(tar: Readable): AsyncGenerator<TarEntry> {
  const parts = tar[Symbol.asyncIterator]();
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await parts.next();
      if (next.done === true) controller.close();
      else controller.enqueue(Buffer.from(next.value));
    },
    cancel: () => void tar.destroy(),
  });
  const entries = source.pipeThrough(createTarDecoder()).getReader();
  try {
    for (;;) {
      const { done, value } = await entries.read();
      if (done) return;
      const { header, body } = value;
      const reader = body.getReader();
      let over = false;
      yield {
        name: header.name,
        type: header.type ?? 'file',
        mode: header.mode ?? 0o644,
        size: header.size,
        bytes: async function* () {
          for (;;) {
            const part = await reader.read();
            over = part.done;
            if (part.done) return;
            yield part.value;
          }
        },
      };
      if (!over) await reader.cancel();
    }
  } finally {
    await entries.cancel().catch(() => undefined);
  }
}
