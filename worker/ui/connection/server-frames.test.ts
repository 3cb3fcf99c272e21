import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFrame } from './server-frames.ts';

const TASK = '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e';
const FRAMES = [
  { type: 'hello', protocol: 1, window: 1_048_576, time: '2026-01-01T00:00:00.000Z' },
  { type: 'started', task_id: TASK, request_id: null, state: 'running' },
  { type: 'stdout', task_id: TASK, data: 'x', cursor: 1 },
  { type: 'stderr', task_id: TASK, data: '', cursor: 0 },
  { type: 'exit', task_id: TASK, code: null, signal: 'SIGKILL' },
  { type: 'cancelled', task_id: TASK },
  { type: 'gap', task_id: TASK, from: 0, to: 9 },
  { type: 'window', window: 65_536 },
  { type: 'error', code: 'busy', data: 'Later.' },
  { type: 'host', online: false, last_seen: null },
  { type: 'pong' },
  { type: 'reload' },
];

describe('a frame', () => {
  it.each(FRAMES)('is taken as it is, and with more than this page knows: $type', (frame) => {
    expect(parseFrame(JSON.stringify(frame))).toEqual(frame);
    expect(parseFrame(JSON.stringify({ ...frame, later: { version: 9 } }))).toMatchObject(frame);
  });

  it.each(FRAMES.filter(({ type }) => type !== 'pong' && type !== 'reload'))('is none without what it needs: $type', (frame) => {
    const needed = Object.keys(frame).filter((name) => name !== 'time');
    for (const name of needed) expect([name, parseFrame(JSON.stringify({ ...frame, [name]: undefined }))]).toEqual([name, null]);
    for (const name of needed) expect([name, parseFrame(JSON.stringify({ ...frame, [name]: [] }))]).toEqual([name, null]);
  });

  it('of a name that every object has is none', () => {
    for (const type of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) expect(parseFrame(JSON.stringify({ type }))).toBeNull();
  });

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.anything()), (data) => void parseFrame(data)));
    for (const data of [new ArrayBuffer(3), 'pong', '', '{', 'null', '[]', '"hello"']) expect(parseFrame(data)).toBeNull();
  });
});
