import { expect, test } from 'vitest';
import { CreditGate, IncomingBody, pumpBody } from './body-stream.ts';

test.each([
  [undefined, [512]],
  [256, [256, 256]],
])('gives credit back as it is read, in steps of %s', async (step, expected) => {
  const granted: number[] = [];
  const body = new IncomingBody(
    (bytes) => granted.push(bytes),
    () => undefined,
    1024,
    step,
  );
  const reader = body.stream.getReader();
  for (let piece = 0; piece < 5; piece += 1) {
    body.push(new Uint8Array(128));
    await reader.read();
  }
  expect(granted).toEqual(expected);
});

test('a gate that closes while a body waits for credit ends it, and cancels what it came from', async () => {
  const gate = new CreditGate(10);
  const sent: number[] = [];
  let cancelled: unknown = null;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(16)),
    cancel: (reason) => {
      cancelled = reason;
    },
  });
  const complete = pumpBody(body, gate, ({ length }) => void sent.push(length));
  await expect.poll(() => sent).toEqual([10]);
  gate.close();
  expect(await complete).toBe(false);
  expect(cancelled).toBe('the other side left');
});
