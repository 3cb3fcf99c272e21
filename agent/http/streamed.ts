/**
 * A body whose pieces are made as its reader takes them, none ahead. When the reader leaves, the generator ends at its `yield`, through its
 * `finally`: an open file is closed there, also where it was opened only then.
 * @param leave hears first that the reader left, so that a generator that waits for something goes on to its end.
 */
export function streamed<T>(pieces: AsyncGenerator<T, void, undefined>, leave: () => void = () => undefined): ReadableStream<T> {
  let left = false;
  return new ReadableStream<T>(
    {
      pull: async (controller) => {
        const { value, done } = await pieces.next();
        // The reader may have left while the piece was made.
        if (left) return;
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        left = true;
        leave();
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}

const encoder = new TextEncoder();

/** The same of texts, in UTF-8. */
export function streamedText(texts: AsyncGenerator<string, void, undefined>, leave?: () => void): ReadableStream<Uint8Array> {
  return streamed(inBytes(texts), leave);
}

async function* inBytes(texts: AsyncGenerator<string, void, undefined>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const text of texts) yield encoder.encode(text);
}
