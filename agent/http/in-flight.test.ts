import { expect, test } from 'vitest';
import { InFlight } from './in-flight.ts';

const request = () => new Request('http://host/api/health');

test('a stop waits for what is not answered yet, and takes nothing new', async () => {
  const inFlight = new InFlight();
  const answer = Promise.withResolvers<Response>();
  const api = inFlight.around({ fetch: () => answer.promise });
  const first = api.fetch(request(), null);
  expect(inFlight.count).toBe(1);
  let closed = false;
  const closing = inFlight.close(60_000).then((all) => {
    closed = true;
    return all;
  });
  const second = await api.fetch(request(), null);
  expect([second.status, await second.json()]).toEqual([503, { error: expect.objectContaining({ code: 'busy', retry: true }) }]);
  expect(closed).toBe(false);
  answer.resolve(new Response('late'));
  expect(await (await first).text()).toBe('late');
  expect(await closing).toBe(true);
});

test('it does not wait for ever, nor for an answer that is being read', async () => {
  const slow = new InFlight();
  void slow.around({ fetch: () => new Promise<Response>(() => undefined) }).fetch(request(), null);
  expect(await slow.close(10)).toBe(false);
  const reading = new InFlight();
  const endless = await reading.around({ fetch: () => new Response(new ReadableStream()) }).fetch(request(), null);
  expect(endless.status).toBe(200);
  expect(await reading.close(60_000)).toBe(true);
});
