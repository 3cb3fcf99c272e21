import { describe, expect, it } from 'vitest';
import { CreditGate, IncomingBody, pumpBody } from '../../shared/body-stream.ts';
import { seededRandom } from '../../shared/fixtures/seeded-random.ts';
import { TUNNEL_FRAME } from '../../shared/limits.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import { creditOf, decodeFrame, encodeCredit, encodeFrame, encodeJson, requestHead } from '../../shared/tunnel.ts';
import { Tunnel } from './edge-tunnel.ts';

/**
 * The credit scheme can't end in a deadlock. Why: a request waits for its place before it holds anything; then its window
 * is its own; and a sender without credit has a whole window at the receiver, of which the read part is given back from
 * half a window on. So whoever reads to the end gets to the end, whatever others do. Here the real two ends run through
 * every schedule of a small case, and through random ones of a large case beside requests that never end.
 */

const MiB = 1024 * 1024;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('one body under credit', () => {
  it.each([1, 2, 3, 5, 8])('arrives whole with a window of %i bytes, in every order of what can happen', async (window) => {
    for (let schedule = 0; schedule < 2 ** 7; schedule += 1) {
      for (const pieces of [[1, 1, 1, 1, 1, 1, 1, 1, 1], [9], [2, 3, 4], [window, window, 1]]) {
        const total = pieces.reduce((sum, length) => sum + length, 0);
        expect(await carried(window, pieces, schedule)).toBe(total);
      }
    }
  });
});

/** @param schedule a bit a step: 1 the reader reads, 0 the link moves; both go on for ever after it. @returns bytes read. */
async function carried(window: number, pieces: readonly number[], schedule: number): Promise<number> {
  const gate = new CreditGate(window);
  const link: (() => void)[] = [];
  const body = new IncomingBody(
    (bytes) => link.push(() => gate.add(bytes)),
    () => undefined,
    window,
  );
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const length of pieces) controller.enqueue(new Uint8Array(length));
      controller.close();
    },
  });
  void pumpBody(source, gate, (bytes) => void link.push(() => body.push(bytes.slice()))).then(() => link.push(() => body.end()));
  const reader = body.stream.getReader();
  let read = 0;
  let asked = false;
  let ended = false;
  for (let step = 0; step < 200 && !ended; step += 1) {
    if (step >= 7 || (schedule & (1 << step)) === 0) link.shift()?.();
    if ((step >= 7 || (schedule & (1 << step)) !== 0) && !asked) {
      asked = true;
      void reader.read().then(({ done, value }) => {
        asked = false;
        ended = done;
        read += value?.length ?? 0;
      });
    }
    for (let tick = 0; tick < 12; tick += 1) await Promise.resolve();
  }
  return ended ? read : -1;
}

type Conduct = 'reads' | 'never reads' | 'leaves';

/** A host of the real receiving class, whose handlers do what `conduct` says, and a link that moves when the test says. */
function together(seed: number) {
  const random = seededRandom(seed);
  const up: [string, Uint8Array][] = [];
  const down: [string, Uint8Array][] = [];
  const bodies = new Map<string, IncomingBody>();
  const tunnel = new Tunnel({ send: (id, frame) => up.push([id, frame.slice()]), turn: (_user, callback) => callback(TUNNEL_FRAME) });
  tunnel.linked(true);
  let unread = 0;
  let mostUnread = 0;
  const reply = (id: string, frame: Uint8Array): number => down.push([id, frame]);
  const answer = async (id: string, { stream }: IncomingBody): Promise<void> => {
    let bytes = 0;
    for await (const piece of stream) {
      bytes += piece.length;
      unread -= piece.length;
    }
    reply(id, encodeJson('head', { status: 200, headers: [['x-bytes', String(bytes)]], body: false }));
  };
  const toHost = (id: string, bytes: Uint8Array): void => {
    const frame = decodeFrame(bytes);
    if (frame?.kind === 'head') {
      const head = requestHead.parse(JSON.parse(new TextDecoder().decode(frame.bytes)));
      const body = new IncomingBody(
        (granted) => reply(id, encodeCredit(granted)),
        () => undefined,
        head.window,
      );
      bodies.set(id, body);
      if (head.path.includes('/reads')) answer(id, body).catch(() => undefined);
    }
    if (frame?.kind === 'data') {
      unread += frame.bytes.length;
      mostUnread = Math.max(mostUnread, unread);
      bodies.get(id)?.push(frame.bytes);
    }
    if (frame?.kind === 'end') bodies.get(id)?.end();
    if (frame?.kind === 'credit') throw new Error(`credit ${creditOf(frame.bytes)} for an answer without a body`);
    if (frame?.kind === 'abort') {
      bodies.get(id)?.fail(new Error('left'));
      reply(id, encodeFrame('abort'));
    }
  };
  return {
    random,
    get mostUnread() {
      return mostUnread;
    },
    ask: (user: string, conduct: Conduct, length: number): { answered: Promise<Response>; leave: () => void } => {
      const head: RequestHead = {
        method: 'POST',
        path: `/api/plugins/x/${conduct.replace(' ', '-')}`,
        query: '',
        headers: [],
        body: true,
        caller: null,
      };
      let left = length;
      const source = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (left === 0) return controller.close();
          const size = Math.min(left, 1 + Math.floor(random() * 2 * TUNNEL_FRAME));
          left -= size;
          controller.enqueue(new Uint8Array(size));
        },
      });
      const client = new AbortController();
      const answered = tunnel.ask(head, source, client.signal, { sub: user, role: 'client' });
      answered.catch(() => undefined);
      return { answered, leave: () => client.abort() };
    },
    /** One thing happens. */
    step: (): void => {
      const [queue, take] = random() < 0.5 ? [up, toHost] : [down, (id: string, frame: Uint8Array): void => tunnel.receive(id, frame)];
      const next = queue.shift();
      if (next !== undefined) take(...next);
    },
  };
}

describe('many requests on one link', () => {
  it.each([1, 2, 3, 4])('all that are read are answered, beside those that never are (schedule %i)', async (seed) => {
    const world = together(seed);
    for (let n = 0; n < 40; n += 1) world.ask(`hostile ${n % 4}`, 'never reads', 4 * MiB);
    const leaving = Array.from({ length: 16 }, () => world.ask('restless', 'leaves', MiB));
    const asked = Array.from({ length: 16 }, (_, n) => world.ask(n < 8 ? 'one' : 'other', 'reads', MiB));
    let open = asked.length;
    for (const { answered } of asked) void answered.then(() => (open -= 1));
    // A user's bodies come at a pace (body-turns.ts), so time has to pass, on a fast machine too.
    const until = performance.now() + 25_000;
    for (let n = 0; open > 0 && performance.now() < until; n += 1) {
      world.step();
      if (world.random() < 0.01) leaving.pop()?.leave();
      if (n % 16 === 0) await settle();
    }
    for (const { answered } of asked) expect((await answered).headers.get('x-bytes')).toBe(String(MiB));
    expect(world.mostUnread).toBeLessThanOrEqual(40 * MiB);
  });
});
