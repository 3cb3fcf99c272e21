import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PING } from '../../../shared/wire.ts';
import { ReconnectingSocket } from './reconnecting-socket.ts';

/** The browser's own, played by the test, which holds the clock too. The real one: test/browser. */
class Played {
  static readonly OPEN = 1;
  static readonly all: Played[] = [];
  readyState = 0;
  readonly sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    Played.all.push(this);
  }

  send(frame: string): void {
    this.sent.push(frame);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(data: unknown): void {
    this.onmessage?.({ data });
  }

  fail(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

let socket: ReconnectingSocket;
let lost: number[];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  vi.stubGlobal('WebSocket', Played);
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('document', { addEventListener: () => undefined });
  // Half of the longest wait.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  Played.all.length = 0;
  lost = [];
  const nothing = (): void => undefined;
  const events = {
    opened: nothing,
    reached: nothing,
    message: nothing,
    lost: () => void lost.push(Date.now()),
    sessionEnded: nothing,
    reload: nothing,
  };
  socket = new ReconnectingSocket(() => 'ws://host/api/ws', events);
  socket.start();
});
afterEach(() => {
  socket.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function newest(): Played {
  const found = Played.all.at(-1);
  if (found === undefined) throw new Error('nothing was dialled');
  return found;
}

/** How long until it dials once more, in ms. */
async function untilDialled(): Promise<number> {
  const dialled = Played.all.length;
  const from = Date.now();
  // A dial is begun behind its promise.
  await vi.advanceTimersByTimeAsync(0);
  while (Played.all.length === dialled) await vi.advanceTimersByTimeAsync(10);
  return Date.now() - from;
}

it.each([0, 1, 2000, 4999, 14_999])(
  'asks every 15 s, and knows of a silence within 40 s of the last word, whenever that was (%i ms)',
  (after) => {
    const first = newest();
    first.open();
    for (let n = 0; n < 4; n += 1) {
      vi.advanceTimersByTime(15_000);
      first.say('pong');
    }
    expect(first.sent).toEqual([PING, PING, PING, PING]);
    vi.advanceTimersByTime(after);
    first.say('the last word');
    const heard = Date.now();
    // Two pings are not answered in time: one that is late ends nothing.
    vi.advanceTimersByTime(31_000);
    expect(lost).toEqual([]);
    vi.advanceTimersByTime(9000);
    expect(lost).toHaveLength(1);
    expect((lost[0] ?? 0) - heard).toBeLessThanOrEqual(40_000);
    expect(socket.state.peek()).toEqual({ kind: 'waiting', since: lost[0] });
  },
);

it('asks before it gives up after its timers stood still, as in a tab that nobody looks at', () => {
  const first = newest();
  first.open();
  vi.advanceTimersByTime(16_000);
  first.say('pong');
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(5000);
  expect([lost, first.sent]).toEqual([[], [PING, PING]]);
  first.say('pong');
  vi.advanceTimersByTime(30_000);
  expect(lost).toEqual([]);
});

it('gives up a dial that comes to nothing', () => {
  vi.advanceTimersByTime(40_000);
  expect(lost).toHaveLength(1);
});

it('waits longer after each failure, and begins again after a minute of health, however that ended', async () => {
  const waits: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    newest().fail();
    waits.push(await untilDialled());
  }
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  const healthy = (): Played => {
    const one = newest();
    one.open();
    for (let n = 0; n < 5; n += 1) {
      vi.advanceTimersByTime(15_000);
      one.say('pong');
    }
    return one;
  };
  healthy().fail();
  expect(await untilDialled()).toBe(250);
  newest().open();
  newest().fail();
  expect(await untilDialled(), 'open for a moment only').toBe(500);
  healthy();
  const silentFor = await untilDialled();
  expect(silentFor).toBeLessThan(40_000 + 250);
  newest().fail();
  expect(await untilDialled(), 'it fell silent after its minute').toBe(500);
});
