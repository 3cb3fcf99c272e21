import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientFrameInput } from '../../../shared/browser-protocol.ts';
import { EXITED_RUN } from '../../../shared/fixtures/exited-run.ts';
import type { Run } from '../../../shared/runs.ts';
import type { StreamEvent } from './run-streams.ts';
import { Streams } from './run-streams.ts';

const TASK = '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e';
const OTHER = '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3f';
const run: Run = { ...EXITED_RUN, task_id: TASK, state: 'running', exit_code: null, ended_at: null };

let there: boolean;
let sent: ClientFrameInput[];
let heard: StreamEvent[];
let streams: Streams;
/** The page's clock, in ms: no machine is too slow for a test. */
let now: number;
afterEach(() => vi.restoreAllMocks());
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  there = true;
  sent = [];
  heard = [];
  streams = new Streams((frame) => {
    if (there) sent.push(frame);
    return there;
  });
});

const listen = (event: StreamEvent): void => void heard.push(event);
const attached = (cursor: number, window = 1_000_000) => streams.take({ type: 'attached', task_id: TASK, cursor, window, run });
const output = (data: string, cursor: number, type: 'stdout' | 'stderr' = 'stdout') => streams.take({ type, task_id: TASK, data, cursor });
const attach = (from: number) => ({ type: 'attach', task_id: TASK, from });

describe('the reader of a run', () => {
  it('attaches where it is told, and gets output in order, with both its cursors', () => {
    streams.attach(TASK, 7, listen);
    attached(7);
    output('ab', 9);
    output('c', 10, 'stderr');
    expect(sent).toEqual([attach(7)]);
    expect(heard).toEqual([
      { kind: 'attached', cursor: 7, run },
      { kind: 'output', stream: 'stdout', text: 'ab', from: 7, to: 9 },
      { kind: 'output', stream: 'stderr', text: 'c', from: 9, to: 10 },
    ]);
  });

  describe('in a flood', () => {
    const kinds = () => heard.map((event) => (event.kind === 'output' ? event.text : event.kind));
    beforeEach(() => {
      streams.attach(TASK, 0, (event) => {
        // Longer than a turn.
        now += 10;
        heard.push(event);
      });
    });

    it('takes in what came at once in turns, in its order', async () => {
      attached(0, 4);
      output('ab', 2);
      output('cd', 4);
      streams.take({ type: 'gap', task_id: TASK, from: 4, to: 6 });
      streams.take({ type: 'exit', task_id: TASK, code: 0, signal: null });
      expect(kinds(), 'the rest waits for a turn of its own').toEqual(['attached']);
      expect(sent, 'nothing is acknowledged that was not taken in').toEqual([attach(0)]);
      await expect.poll(kinds).toEqual(['attached', 'ab', 'cd', 'gap', 'ended']);
      expect(sent).toEqual([attach(0), { type: 'ack', task_id: TASK, cursor: 2 }, { type: 'ack', task_id: TASK, cursor: 4 }]);
    });

    it('goes on behind the last turn when the connection is lost', async () => {
      attached(0);
      output('ab', 2);
      await expect.poll(kinds).toEqual(['attached', 'ab']);
      output('cd', 4);
      output('ef', 6);
      streams.lost();
      streams.resume();
      expect(sent.at(-1)).toEqual(attach(heard.length === 2 ? 2 : 4));
    });
  });

  it('takes no frame twice, and leaves those of runs that nobody looks at', () => {
    streams.adopt(TASK, listen);
    output('ab', 2);
    expect(output('ab', 2), 'a frame that was sent again').toBe(true);
    expect(streams.take({ type: 'stdout', task_id: OTHER, data: 'x', cursor: 1 }), 'a frame of another run').toBe(false);
    expect(streams.take({ type: 'pong' }), 'a frame of no run').toBe(false);
    expect(heard).toEqual([{ kind: 'output', stream: 'stdout', text: 'ab', from: 0, to: 2 }]);
  });

  it('goes on after a reconnect where it was, and hears nothing of the attach before', () => {
    streams.attach(TASK, 0, listen);
    attached(0);
    output('abc', 3);
    there = false;
    streams.lost();
    there = true;
    streams.resume();
    expect(sent).toEqual([attach(0), attach(3)]);
    // Still on its way from the old attach.
    output('old', 6);
    attached(3);
    output('def', 6);
    expect(heard.map((event) => (event.kind === 'output' ? event.text : event.kind))).toEqual(['attached', 'abc', 'attached', 'def']);
  });

  it('attaches with the next connection, when it began without one', () => {
    there = false;
    streams.attach(TASK, 5, listen);
    there = true;
    streams.resume();
    attached(5);
    expect(sent).toEqual([attach(5)]);
    expect(heard).toMatchObject([{ kind: 'attached', cursor: 5 }]);
  });

  it('gives way to another one, whose output begins with its own attach', () => {
    streams.attach(TASK, 0, listen);
    const newer: StreamEvent[] = [];
    streams.attach(TASK, 40, (event) => newer.push(event));
    expect(sent).toEqual([attach(0), { type: 'detach', task_id: TASK }, attach(40)]);
    attached(0);
    output('of the first', 12);
    attached(40);
    output('x', 41);
    expect(heard).toEqual([{ kind: 'replaced' }]);
    expect(newer.map(({ kind }) => kind)).toEqual(['attached', 'output']);
  });

  it('says a gap, and goes on behind it', () => {
    streams.adopt(TASK, listen);
    streams.take({ type: 'gap', task_id: TASK, from: 0, to: 100 });
    output('later', 105);
    expect(heard).toEqual([
      { kind: 'gap', from: 0, to: 100 },
      { kind: 'output', stream: 'stdout', text: 'later', from: 100, to: 105 },
    ]);
  });

  it.each([
    { type: 'exit', task_id: TASK, code: 0, signal: null },
    { type: 'cancelled', task_id: TASK },
    { type: 'error', code: 'interrupted', data: 'The host was restarted.', task_id: TASK },
    { type: 'error', code: 'run_refused', data: 'No.', task_id: TASK },
  ] as const)('is told of the end once, by $type $code, and does not attach again', (frame) => {
    streams.adopt(TASK, listen);
    streams.take(frame);
    streams.take(frame);
    streams.resume();
    expect(heard).toEqual([{ kind: 'ended' }]);
    expect(sent).toEqual([]);
  });

  it('says what failed, and asks no more for a run that is not known', () => {
    streams.attach(TASK, 0, listen);
    streams.take({ type: 'error', code: 'unknown_task', data: 'There is no such run.', task_id: TASK });
    streams.take({ type: 'error', code: 'timed_out', data: 'It took too long.', task_id: TASK });
    streams.resume();
    expect(heard).toEqual([{ kind: 'failed', code: 'unknown_task', message: 'There is no such run.' }]);
    expect(sent).toEqual([attach(0)]);
  });

  it('says that it leaves, once, and only for itself', () => {
    const leave = streams.attach(TASK, 0, listen);
    const leaveNewer = streams.attach(TASK, 0, () => undefined);
    sent.length = 0;
    leave();
    expect(sent).toEqual([]);
    leaveNewer();
    leaveNewer();
    expect(sent).toEqual([{ type: 'detach', task_id: TASK }]);
  });
});

it('acknowledges at once what a smaller window does not allow any more: nothing comes that would remind it', () => {
  streams.window = 1_000_000;
  streams.adopt(TASK, () => undefined);
  output('x'.repeat(200_000), 200_000);
  expect(sent).toEqual([]);
  // The host sends nothing more until this is acknowledged.
  streams.window = 128_000;
  expect(sent).toEqual([{ type: 'ack', task_id: TASK, cursor: 200_000 }]);
});

it('acknowledges output when the reader has read it, not before: the host sends no more than is read', () => {
  const sentBefore: number[] = [];
  streams.attach(TASK, 0, (event) => {
    if (event.kind === 'output') sentBefore.push(sent.filter(({ type }) => type === 'ack').length);
  });
  attached(0, 4);
  output('a', 1);
  output('b', 2);
  expect(sentBefore).toEqual([0, 1]);
  expect(sent.slice(1)).toEqual([
    { type: 'ack', task_id: TASK, cursor: 1 },
    { type: 'ack', task_id: TASK, cursor: 2 },
  ]);
});
