import { expect, it } from 'vitest';
import { outputQuery } from '../../shared/runs.ts';
import type { Caller } from '../users/caller.ts';
import type { OutputChunk, OutputLog } from './run-output.ts';
import { outputResponse } from './run-output.ts';

const local: Caller = { user_id: 'local:0', username: 'local:root', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };

/** A log of which the beginning is gone, that grows when it is told to. */
class Growing implements OutputLog {
  start: number;
  finished = false;
  #text: string;
  readonly #listeners = new Set<() => void>();

  constructor(text: string, start: number) {
    this.#text = text;
    this.start = start;
  }

  get end(): number {
    return this.#text.length;
  }

  get listening(): number {
    return this.#listeners.size;
  }

  async read(from: number, maxBytes: number): Promise<OutputChunk[]> {
    const bytes = Buffer.from(this.#text.slice(from, from + Math.min(4, maxBytes)));
    return bytes.length === 0 ? [] : [{ stream: 'stdout', bytes, from, to: from + bytes.length }];
  }

  onGrow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  grow(text: string, finished = false): void {
    this.#text += text;
    this.finished = finished;
    for (const listener of [...this.#listeners]) listener();
  }
}

function ask(log: OutputLog, query: Record<string, string>): Response {
  return outputResponse(log, outputQuery.parse(query), local);
}

it('says what was removed: as a line, and in the headers of raw bytes', async () => {
  const log = new Growing('0123456789', 6);
  const lines = (await ask(log, { format: 'jsonl', from: '2' }).text()).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { gap: { from: 2, to: 6 }, cursor: 6 },
    { stream: 'stdout', data: '6789', cursor: 10 },
  ]);
  const raw = ask(log, {});
  expect(raw.headers.get('content-range')).toBe('bytes 6-9/*');
  expect(await raw.text()).toBe('6789');
  expect(ask(log, { from: '6' }).headers.has('content-range')).toBe(false);
});

it('gives the end alone, as many bytes as were asked for', async () => {
  const log = new Growing('0123456789', 2);
  expect(await ask(log, { tail: '3' }).text()).toBe('789');
  expect(await ask(log, { tail: '3', limit: '2', format: 'text' }).text()).toBe('78');
  expect(await ask(log, { tail: '100' }).text()).toBe('23456789');
  expect(() => ask(log, { tail: '3', from: '1' })).toThrow(expect.objectContaining({ code: 'bad_request' }));
  expect(() => ask(log, { tail: '0' })).toThrow();
});

it('says what is removed while somebody follows', async () => {
  const log = new Growing('0123', 0);
  const reader = ask(log, { format: 'jsonl', follow: 'true' }).body?.getReader();
  const next = async (): Promise<unknown> => {
    const read = await reader?.read();
    return read?.value === undefined ? null : JSON.parse(Buffer.from(read.value).toString());
  };
  expect(await next()).toMatchObject({ data: '0123' });
  log.start = 6;
  log.grow('456789');
  expect(await next()).toEqual({ gap: { from: 4, to: 6 }, cursor: 6 });
  expect(await next()).toMatchObject({ data: '6789', cursor: 10 });
  const last = next();
  await expect.poll(() => log.listening, { interval: 1 }).toBeGreaterThan(0);
  log.grow('', true);
  expect(await last).toBeNull();
  expect(log.listening).toBe(0);
});

it('gives no more than the limit, and never in one piece more than a step', async () => {
  const log = new Growing('0123456789', 0);
  expect(await ask(log, { limit: '6' }).text()).toBe('012345');
  expect(await ask(log, { limit: '6', from: '6' }).text()).toBe('6789');
});

it('does not spin when a log ends before its index says', async () => {
  const log = new Growing('0123', 0);
  Object.defineProperty(log, 'end', { value: 100 });
  log.finished = true;
  expect(await ask(log, { follow: 'true' }).text()).toBe('0123');
});
