import { afterEach, expect, test, vi } from 'vitest';
import { seededRandom } from '../../shared/fixtures/seeded-random.ts';
import { COALESCE_MS, FRAMES_AT_ONCE, MAX_OUTPUT_FRAME } from '../../shared/limits.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import type { Chunk } from './chunk.ts';
import { textOf } from './frame-text.ts';
import { Streams } from './streams.ts';
import type { LogReader, OutputTransport, ViewerPort } from './viewers.ts';

/** A log in memory with the manners of the real one: chunks of one stream each, cut where records were. */
class MemoryLog implements LogReader {
  readonly start = 0;
  finished = false;
  /** Called before each read: throws where it fails; true: nothing can be read. */
  broken = (): boolean => false;
  readonly #chunks: Chunk[] = [];
  readonly #listeners = new Set<() => void>();

  get end(): number {
    return this.#chunks.at(-1)?.to ?? 0;
  }

  append(stream: 'stdout' | 'stderr', text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#chunks.push({ stream, bytes, from: this.end, to: this.end + bytes.length });
    for (const listener of this.#listeners) listener();
  }

  finish(): void {
    this.finished = true;
    for (const listener of this.#listeners) listener();
  }

  readSync(from: number, maxBytes: number): Chunk[] {
    const found: Chunk[] = [];
    if (this.broken()) return found;
    let left = maxBytes;
    for (const chunk of this.#chunks) {
      if (chunk.to <= from || left <= 0) continue;
      const begin = Math.max(from, chunk.from);
      const length = Math.min(left, chunk.to - begin);
      found.push({
        stream: chunk.stream,
        bytes: chunk.bytes.subarray(begin - chunk.from, begin - chunk.from + length),
        from: begin,
        to: begin + length,
      });
      left -= length;
    }
    return found;
  }

  async read(from: number, maxBytes: number): Promise<Chunk[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.readSync(from, maxBytes);
  }

  onGrow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/** The link and the edge behind it: one ordered queue, subscriptions, and what each viewer was sent. */
class Edge implements OutputTransport {
  readonly #queue: (() => void)[] = [];
  readonly joined = new Map<string, Set<Viewer>>();
  published = 0;
  cleared = 0;
  left = 0;
  turns = 0;

  turn(callback: (size: number) => void): void {
    this.turns += 1;
    setImmediate(callback, MAX_OUTPUT_FRAME);
  }

  publish(topic: string, frame: string | Utf8Text): void {
    this.published += 1;
    this.#queue.push(() => {
      for (const viewer of this.joined.get(topic) ?? []) viewer.receive(frame);
    });
  }

  clear(topic: string): void {
    this.cleared += 1;
    this.#queue.push(() => this.joined.delete(topic));
  }

  enqueue(step: () => void): void {
    this.#queue.push(step);
  }

  /** Delivers up to `count` messages, in order. */
  deliver(count = Number.POSITIVE_INFINITY): void {
    for (let done = 0; done < count; done += 1) {
      const step = this.#queue.shift();
      if (step === undefined) return;
      step();
    }
  }
}

class Viewer implements ViewerPort {
  text = '';
  cursor = 0;
  sent = 0;
  frames: Record<string, unknown>[] = [];
  readonly #edge: Edge;

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  send(frame: string | Utf8Text): void {
    this.sent += 1;
    this.#edge.enqueue(() => this.receive(frame));
  }

  join(topic: string): void {
    this.#edge.enqueue(() => this.#edge.joined.set(topic, (this.#edge.joined.get(topic) ?? new Set()).add(this)));
  }

  leave(topic: string): void {
    this.#edge.left += 1;
    this.#edge.enqueue(() => this.#edge.joined.get(topic)?.delete(this));
  }

  receive(frame: string | Utf8Text): void {
    const said: Record<string, unknown> = JSON.parse(textOf(frame));
    this.frames.push(said);
    if (said.type !== 'stdout' && said.type !== 'stderr') return;
    this.text += String(said.data);
    this.cursor = Number(said.cursor);
  }
}

/** What is ready goes on, and no time passes. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A millisecond a round; more on a busy machine, unless the test has stopped its clock. */
const settle = async (edge: Edge, rounds = 40): Promise<void> => {
  for (let round = 0; round < rounds; round += 1) {
    if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(1);
    else await new Promise((resolve) => setTimeout(resolve, 1));
    await turn();
    edge.deliver();
  }
};

/** Time passes only in `settle`: for what is decided by how long something takes. */
const stopClock = (): void => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
afterEach(() => void vi.useRealTimers());

const noop = { start: () => undefined, ended: () => undefined };

function build() {
  const log = new MemoryLog();
  const edge = new Edge();
  let end: string[] | null = null;
  const streams = new Streams({ log: () => log, endFrames: () => end }, edge);
  return {
    log,
    edge,
    streams,
    finish: (): void => {
      end = ['{"type":"exit","code":0}'];
      log.finish();
    },
  };
}

test('a late viewer gets all from the log, then shares the live stream with the first', async () => {
  const { log, edge, streams, finish } = build();
  const first = new Viewer(edge);
  streams.attach('a', first, 0, noop);
  log.append('stdout', 'one\n');
  await settle(edge);
  const second = new Viewer(edge);
  streams.attach('a', second, 0, noop);
  await settle(edge);
  const before = edge.published;
  log.append('stderr', 'two\n');
  await settle(edge);
  expect(edge.published - before).toBe(1);
  finish();
  await settle(edge);
  expect([edge.cleared, edge.left]).toEqual([1, 0]);
  for (const viewer of [first, second]) {
    expect(viewer.text).toBe('one\ntwo\n');
    expect(viewer.frames.at(-1)).toEqual({ type: 'exit', code: 0 });
  }
  expect(log.listeners).toBe(0);
});

test('a viewer that never acknowledges gets at most its window, and the others everything', async () => {
  const { log, edge, streams, finish } = build();
  const stalled = new Viewer(edge);
  const reading = new Viewer(edge);
  streams.attach('a', stalled, 0, noop);
  const attached = streams.attach('a', reading, 0, noop);
  const { window } = streams;
  const line = `${'x'.repeat(65_535)}\n`;
  for (let i = 0; i < 64; i += 1) {
    log.append('stdout', line);
    await settle(edge, 3);
    attached.ack(reading.cursor);
  }
  finish();
  await settle(edge);
  attached.ack(reading.cursor);
  await settle(edge);
  expect(reading.text.length).toBe(64 * 65_536);
  expect(stalled.text.length).toBeLessThanOrEqual(window);
  expect(stalled.frames.filter((frame) => frame.type === 'exit')).toEqual([]);
});

test('nobody watching costs no publishing, and the run may end unseen', async () => {
  const { log, edge, streams, finish } = build();
  const viewer = new Viewer(edge);
  const attachment = streams.attach('a', viewer, 0, noop);
  attachment.detach();
  log.append('stdout', 'unseen\n');
  finish();
  await settle(edge);
  expect(edge.published).toBe(0);
  expect(log.listeners).toBe(0);
});

test('a cursor beyond the log is answered with a gap, and the view goes on', async () => {
  const { log, edge, streams } = build();
  log.append('stdout', 'short\n');
  const viewer = new Viewer(edge);
  streams.attach('a', viewer, 1_000, noop);
  log.append('stdout', 'more\n');
  await settle(edge);
  expect(viewer.frames[0]).toMatchObject({ type: 'gap', from: 1_000, to: 6 });
  expect(viewer.text).toBe('more\n');
});

test('windows shrink for all when many watch', async () => {
  const { edge, streams } = build();
  const viewers = Array.from({ length: 70 }, () => new Viewer(edge));
  for (const viewer of viewers) streams.attach('a', viewer, 'tail', noop);
  await settle(edge);
  expect(streams.window).toBe(256 * 1024);
  expect(viewers[0]?.frames).toContainEqual({ type: 'window', window: 256 * 1024 });
});

/** Prints until what comes in the same moment waits. */
async function flood(log: MemoryLog, edge: Edge): Promise<void> {
  for (let i = 1; i <= FRAMES_AT_ONCE; i += 1) {
    log.append('stdout', `${i}\n`);
    await turn();
    expect(edge.published).toBe(i);
  }
}

test('output goes at once; in a flood it goes together within 16 ms, and a full frame waits for nothing', async () => {
  stopClock();
  const { log, edge, streams } = build();
  const viewer = new Viewer(edge);
  streams.attach('a', viewer, 'tail', noop);
  await settle(edge, COALESCE_MS);
  await flood(log, edge);
  const sent = FRAMES_AT_ONCE;
  for (let i = 0; i < 10; i += 1) log.append('stdout', `${i}\n`);
  await settle(edge, COALESCE_MS - 1);
  expect(edge.published).toBe(sent);
  await settle(edge, 1);
  expect(edge.published).toBe(sent + 1);
  log.append('stdout', 'x'.repeat(MAX_OUTPUT_FRAME + 1));
  await turn();
  expect(edge.published).toBe(sent + 2);
  await settle(edge, COALESCE_MS);
  expect(edge.published).toBe(sent + 3);
  expect(viewer.text.length).toBe(log.end);
});

test('what prints all the time costs its viewers one frame in 16 ms, and what prints seldom waits for nothing', async () => {
  stopClock();
  const { log, edge, streams } = build();
  streams.attach('a', new Viewer(edge), 'tail', noop);
  await settle(edge, 100 * COALESCE_MS);
  for (let ms = 0; ms < 100 * COALESCE_MS; ms += 1) {
    log.append('stdout', 'x\n');
    await settle(edge, 1);
  }
  expect(edge.published).toBeGreaterThanOrEqual(100);
  expect(edge.published).toBeLessThanOrEqual(100 + FRAMES_AT_ONCE + 1);
  await settle(edge, FRAMES_AT_ONCE * COALESCE_MS);
  for (let i = 0; i < 20; i += 1) {
    const before = edge.published;
    log.append('stdout', 'x\n');
    await turn();
    expect(edge.published).toBe(before + 1);
    await settle(edge, COALESCE_MS + 1);
  }
});

test('what a key brings goes at once, in a flood too', async () => {
  stopClock();
  const { log, edge, streams } = build();
  streams.attach('a', new Viewer(edge), 'tail', noop);
  await settle(edge, COALESCE_MS);
  await flood(log, edge);
  for (let key = 1; key <= 20; key += 1) {
    streams.typed('a');
    log.append('stdout', 'echo');
    await turn();
    expect(edge.published).toBe(FRAMES_AT_ONCE + key);
  }
  log.append('stdout', 'not of a key');
  await turn();
  expect(edge.published).toBe(FRAMES_AT_ONCE + 20);
});

test('a run that changes without printing delays no byte that it prints after it', async () => {
  stopClock();
  const { log, edge, streams } = build();
  const viewer = new Viewer(edge);
  streams.attach('a', viewer, 'tail', noop);
  await settle(edge, COALESCE_MS);
  await flood(log, edge);
  await settle(edge, COALESCE_MS);
  // As at a cancel: the run is told of as being stopped, and then its script says its last word.
  streams.poke('a');
  await turn();
  log.append('stdout', 'bye\n');
  await turn();
  expect(edge.published).toBe(FRAMES_AT_ONCE + 1);
});

test('the end waits for nothing, however lately something was printed', async () => {
  stopClock();
  const { log, edge, streams, finish } = build();
  const viewer = new Viewer(edge);
  streams.attach('a', viewer, 'tail', noop);
  await settle(edge, COALESCE_MS);
  log.append('stdout', 'last\n');
  await turn();
  finish();
  await turn();
  edge.deliver();
  expect(viewer.frames.map(({ type }) => type)).toEqual(['stdout', 'exit']);
});

test('a group of viewers whose acknowledgements are on the way is waited for, and goes on sharing one copy', async () => {
  stopClock();
  const { log, edge, streams } = build();
  const group = Array.from({ length: 60 }, () => {
    const viewer = new Viewer(edge);
    return { viewer, attachment: streams.attach('a', viewer, 'tail', noop) };
  });
  await settle(edge);
  for (const { viewer } of group) viewer.sent = 0;
  const frames = (3 * streams.window) / 65_536;
  for (let i = 0; i < frames; i += 1) log.append('stdout', `${'x'.repeat(65_535)}\n`);
  for (let round = 0; round < 500 && group.some(({ viewer }) => viewer.cursor < log.end); round += 1) {
    // Each window is used up before anybody says a word.
    await settle(edge, 10);
    for (const { viewer, attachment } of group) attachment.ack(viewer.cursor);
  }
  expect(edge.published).toBe(frames);
  expect(group.map(({ viewer }) => viewer.sent)).toEqual(group.map(() => 0));
  for (const { viewer } of group) expect(viewer.text.length).toBe(log.end);
});

test('a few of many viewers who are a moment later than the others share the copy, too', async () => {
  stopClock();
  const { log, edge, streams } = build();
  const group = Array.from({ length: 60 }, () => {
    const viewer = new Viewer(edge);
    return { viewer, attachment: streams.attach('a', viewer, 'tail', noop) };
  });
  await settle(edge);
  for (const { viewer } of group) viewer.sent = 0;
  for (let i = 0; i < (3 * streams.window) / 65_536; i += 1) log.append('stdout', `${'x'.repeat(65_535)}\n`);
  for (let round = 0; round < 500 && group.some(({ viewer }) => viewer.cursor < log.end); round += 1) {
    await settle(edge, 5);
    for (const { viewer, attachment } of group.slice(2)) attachment.ack(viewer.cursor);
    await settle(edge, 5);
    for (const { viewer, attachment } of group) attachment.ack(viewer.cursor);
  }
  expect(group.map(({ viewer }) => viewer.sent)).toEqual(group.map(() => 0));
  for (const { viewer } of group) expect(viewer.text.length).toBe(log.end);
});

test('of many viewers, those who never acknowledge are left behind, and the others get everything', async () => {
  const { log, edge, streams } = build();
  const group = Array.from({ length: 40 }, (_, i) => {
    const viewer = new Viewer(edge);
    return { viewer, stalled: i % 2 === 0, attachment: streams.attach('a', viewer, 'tail', noop) };
  });
  const { window } = streams;
  for (let i = 0; i < (3 * window) / 65_536; i += 1) log.append('stdout', `${'x'.repeat(65_535)}\n`);
  for (let round = 0; round < 2000 && group.some(({ viewer, stalled }) => !stalled && viewer.cursor < log.end); round += 1) {
    await settle(edge, 3);
    for (const { viewer, stalled, attachment } of group) if (!stalled) attachment.ack(viewer.cursor);
  }
  for (const { viewer, stalled } of group) {
    if (stalled) expect(viewer.text.length).toBeLessThanOrEqual(window);
    else expect(viewer.text.length).toBe(log.end);
  }
});

/** Each draws another order; the quick part has a few of the same ones. */
const SEEDS = process.env['TORU_TESTS'] === 'quick' ? 5 : 25;
test.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
  'whatever happens in whatever order, every viewer reads the run exactly (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const { log, edge, streams, finish } = build();
    const views: { viewer: Viewer; attachment: ReturnType<Streams['attach']>; sentBefore: number }[] = [];
    let written = '';
    for (let step = 0; step < 300; step += 1) {
      const dice = random();
      const some = views[Math.floor(random() * views.length)];
      if (dice < 0.35) {
        const text = `${step}:${'é✓𝄞a'[Math.floor(random() * 4)]?.repeat(1) ?? ''}${'z'.repeat(Math.floor(random() * 60_000))}\n`;
        written += text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
        log.append(random() < 0.5 ? 'stdout' : 'stderr', text);
      } else if (dice < 0.4 && views.length < 6) {
        const viewer = new Viewer(edge);
        views.push({ viewer, attachment: streams.attach('a', viewer, 0, noop), sentBefore: 0 });
      } else if (dice < 0.45 && some !== undefined) {
        // The browser drops and comes back: a new connection, from the cursor that it has.
        some.attachment.detach();
        const again = new Viewer(edge);
        edge.deliver();
        again.text = some.viewer.text;
        again.cursor = some.viewer.cursor;
        some.viewer = again;
        some.attachment = streams.attach('a', again, again.cursor, noop);
      } else if (dice < 0.7 && some !== undefined) some.attachment.ack(some.viewer.cursor);
      else if (dice < 0.85) edge.deliver(Math.floor(random() * 5));
      else await new Promise((resolve) => setTimeout(resolve, random() < 0.3 ? 17 : 0));
    }
    finish();
    for (let round = 0; round < 2_000 && views.some(({ viewer }) => viewer.frames.at(-1)?.type !== 'exit'); round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      edge.deliver();
      for (const { viewer, attachment } of views) attachment.ack(viewer.cursor);
      if (round % 20 === 0) await settle(edge, 1);
    }
    for (const { viewer } of views) {
      expect(viewer.text === written, `${viewer.text.length} of ${written.length} characters, the same`).toBe(true);
      expect(viewer.frames.at(-1)?.type).toBe('exit');
    }
  },
);

test.each([
  ['is gone', () => true],
  [
    'can’t be read',
    () => {
      throw new Error('EIO');
    },
  ],
])('who sees the newest line of an output that %s gets a word of it, and nothing goes round for ever', async (_, broken) => {
  const { log, edge, streams } = build();
  const viewer = new Viewer(edge);
  const ended = vi.fn();
  streams.attach('t', viewer, 0, { start: () => undefined, ended });
  log.append('stdout', 'seen\n');
  await settle(edge);
  log.broken = broken;
  log.append('stdout', 'never seen\n');
  await settle(edge);
  expect(viewer.text).toBe('seen\n');
  expect(viewer.frames.at(-1)).toMatchObject({ type: 'error', code: 'internal', task_id: 't' });
  expect([ended.mock.calls.length, log.listeners]).toEqual([1, 0]);
  expect(edge.turns).toBeLessThan(10);
});
