import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FrameCap } from './frame-cap.ts';

const CAP = 1000;

/** A frame as a client sends it: masked. */
function frame(opcode: number, payload: Uint8Array, last = true): Buffer {
  const mask = randomBytes(4);
  const { length } = payload;
  const head =
    length < 126 ? Buffer.from([0, length]) : length < 65_536 ? Buffer.from([0, 126, length >> 8, length & 255]) : Buffer.alloc(10);
  if (length >= 65_536) {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  head[0] = (last ? 0x80 : 0) | opcode;
  head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** What an edge would read: the messages, unmasked. */
function read(bytes: Buffer): { opcode: number; last: boolean; payload: Buffer }[] {
  const frames = [];
  for (let at = 0; at < bytes.length; ) {
    const [first = 0, second = 0] = bytes.subarray(at, at + 2);
    const short = second & 0x7f;
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    const mask = bytes.subarray(at + 2 + wide, at + 6 + wide);
    const payload = bytes.subarray(at + 6 + wide, at + 6 + wide + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    frames.push({ opcode: first & 0x0f, last: (first & 0x80) !== 0, payload: Buffer.from(payload) });
    at += 6 + wide + length;
  }
  return frames;
}

/** Sends it through in pieces of `size` bytes. */
function pass(bytes: Buffer, size: number, closing: () => void = () => undefined): Buffer {
  const cap = new FrameCap(CAP, closing);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    // Its memory is used again, as a socket's may be.
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    out.push(...cap.pass(chunk).map((part) => Buffer.from(part)));
    chunk.fill(0);
  }
  return Buffer.concat(out);
}

describe.each([1, 2, 7, 100, 1 << 20])('FrameCap, in pieces of %i', (size) => {
  it('passes what is small enough, byte for byte', () => {
    const sent = Buffer.concat([0, 1, 125, 126, 999, 1000].map((length) => frame(1, randomBytes(length))));
    expect(pass(sent, size).equals(sent), 'the same bytes').toBe(true);
  });

  it('cuts a message that is too large, and what follows it is whole', () => {
    const large = randomBytes(70_000);
    const [cut, after] = read(pass(Buffer.concat([frame(1, large), frame(2, Buffer.from('after'))]), size));
    expect(cut).toEqual({ opcode: 1, last: true, payload: large.subarray(0, CAP) });
    expect(after).toEqual({ opcode: 2, last: true, payload: Buffer.from('after') });
  });

  it('counts a message over all its frames, and leaves control frames between them alone', () => {
    const parts = [randomBytes(600), randomBytes(600), randomBytes(600)] as const;
    const ping = frame(9, Buffer.from('ping'));
    const sent = Buffer.concat([
      frame(1, parts[0], false),
      ping,
      frame(0, parts[1], false),
      frame(0, parts[2]),
      frame(1, Buffer.from('x')),
    ]);
    expect(read(pass(sent, size))).toEqual([
      { opcode: 1, last: false, payload: parts[0] },
      { opcode: 9, last: true, payload: Buffer.from('ping') },
      { opcode: 0, last: false, payload: parts[1].subarray(0, 400) },
      { opcode: 0, last: true, payload: Buffer.alloc(0) },
      { opcode: 1, last: true, payload: Buffer.from('x') },
    ]);
  });

  it('says when the client closes', () => {
    let closed = 0;
    const sent = Buffer.concat([frame(1, Buffer.from('x')), frame(8, Buffer.from([3, 232]))]);
    const passed = pass(sent, size, () => {
      closed += 1;
    });
    expect([closed, passed.equals(sent)]).toEqual([1, true]);
  });
});
