import { expect, test } from 'vitest';
import { linesOf } from './lines.ts';

function bodyOf(pieces: string[], cancelled: () => void = () => undefined): ReadableStream<Uint8Array> {
  const bytes = pieces.map((piece) => new TextEncoder().encode(piece));
  return new ReadableStream({
    pull: (controller) => {
      const next = bytes.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
    cancel: cancelled,
  });
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

test('lines come as they are complete, however the body is cut', async () => {
  expect(await all(linesOf(bodyOf(['on', 'e\ntwo\n\nth', 'ree\nrest'])))).toEqual(['one', 'two', '', 'three']);
  expect(await all(linesOf(null))).toEqual([]);
});

test('a character that is cut between two pieces is whole in its line', async () => {
  const [first = 0, second = 0] = new TextEncoder().encode('é');
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new Uint8Array([first]));
      controller.enqueue(new Uint8Array([second, 10]));
      controller.close();
    },
  });
  expect(await all(linesOf(body))).toEqual(['é']);
});

test('leaving the loop cancels the body', async () => {
  let cancelled = false;
  for await (const line of linesOf(bodyOf(['one\n', 'two\n', 'three\n'], () => (cancelled = true)))) if (line === 'one') break;
  expect(cancelled).toBe(true);
});
