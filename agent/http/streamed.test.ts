import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { streamOf } from '../logs/download.ts';
import { linesResponse } from './json-lines.ts';
import { streamed, streamedText } from './streamed.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-streamed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('pieces are made as they are taken, and the end is told', async () => {
  const made: number[] = [];
  const reader = streamedText(
    (async function* () {
      for (const n of [1, 2]) {
        made.push(n);
        yield `é${n}`;
      }
    })(),
  ).getReader();
  expect(made).toEqual([]);
  expect(Buffer.from((await reader.read()).value ?? '').toString()).toBe('é1');
  expect(made).toEqual([1]);
  expect((await reader.read()).done).toBe(false);
  expect(await reader.read()).toEqual({ done: true, value: undefined });
});

test('a reader who leaves while a piece is waited for ends the generator, through its finally', async () => {
  const wake = Promise.withResolvers<void>();
  let ended = false;
  const body = streamed(
    (async function* () {
      try {
        yield 1;
        await wake.promise;
        yield 2;
      } finally {
        ended = true;
      }
    })(),
    wake.resolve,
  );
  const reader = body.getReader();
  await reader.read();
  const waiting = reader.read();
  await reader.cancel();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(ended).toBe(true);
});

test('a download that is left while its file is being opened leaves no descriptor open', async () => {
  writeFileSync(join(folder, 'file'), 'x'.repeat(1000));
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const opened: FileHandle[] = [];
  const reader = streamOf(async () => {
    begun.resolve();
    await held.promise;
    const file = await open(join(folder, 'file'));
    opened.push(file);
    return file;
  }, 1000).getReader();
  const waiting = reader.read();
  await begun.promise;
  const left = reader.cancel();
  held.resolve();
  await left;
  await waiting;
  expect(opened.map(({ fd }) => fd)).toEqual([-1]);
  expect(readdirSync(folder)).toEqual(['file']);
});

test('a reader who leaves in the middle of a streamed answer is no fault of it', async () => {
  const log = { error: vi.fn() };
  const wake = Promise.withResolvers<void>();
  const lines = async function* (signal: AbortSignal): AsyncGenerator<object, void, undefined> {
    yield { n: 1 };
    await wake.promise;
    expect(signal.aborted).toBe(true);
    yield { n: 2 };
  };
  const { body } = await linesResponse(lines, new AbortController().signal, log);
  const reader = body?.getReader();
  await reader?.read();
  const waiting = reader?.read();
  await Promise.resolve();
  const left = reader?.cancel();
  wake.resolve();
  await left;
  await waiting;
  await new Promise(setImmediate);
  expect(log.error).not.toHaveBeenCalled();
});
