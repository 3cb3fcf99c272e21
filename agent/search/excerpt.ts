import type { FoundPlace, Mark } from '../../shared/search.ts';
import { incompleteTail } from '../../shared/utf8.ts';
import { DamagedOutput } from '../logs/damaged.ts';
import type { Matcher } from './needle.ts';
import type { Hit, ScannedChunk, ScannedLog } from './scan.ts';
import { type Stretch, VisibleBytes } from './visible-bytes.ts';

/** How much is read before and after a hit. */
const AROUND_BYTES = 4 * 1024;
/** How much of the hit's own line is shown, before it and after it. */
const LEAD_BYTES = 160;
const REST_BYTES = 400;
/** Of a line around it. */
const LINE_BYTES = 400;
/** A hit whose characters lie further apart, because the other stream wrote much in between, is shown by its beginning. */
const MAX_READ_BYTES = 64 * 1024;

/**
 * The text at a hit: its line, as far as it can be shown, and `lines` lines before and after it, all of the same
 * stream. Bounded, whatever the output looks like.
 */
export async function excerptOf(log: ScannedLog, needle: Matcher, hit: Hit, lines: number): Promise<FoundPlace> {
  const { first, chunks } = await around(log, hit);
  const own = chunks.filter((chunk) => chunk.stream === hit.stream);
  const { text, at } = visible(own, hit.from);
  const reachesEnd = (chunks.at(-1)?.to ?? 0) >= log.end;

  const begins = lineBegin(text, at);
  const found = needle.findBytes(text, at);
  const end = found?.at === at ? found.end : at;
  const ends = lineEnd(text, end);
  const from = Math.max(begins, at - LEAD_BYTES);
  const to = Math.min(ends, end + REST_BYTES);
  const cut = { start: from > begins || (begins === 0 && first > 0), end: to < ends || (ends === text.length && !reachesEnd) };
  return {
    stream: hit.stream,
    cursor: hit.from,
    to: hit.to,
    ...marked(text.slice(from, to), needle),
    cut,
    before:
      lines === 0 || begins === 0 ? [] : completeLines(text.slice(0, begins), { first: first === log.start, last: true }).slice(-lines),
    after:
      lines === 0 ? [] : completeLines(text.slice(ends).replace(/^(?:\r\n|[\r\n])/, ''), { first: true, last: reachesEnd }).slice(0, lines),
  };
}

/** The chunks that are read for an excerpt. Where something before the hit is damaged, it begins with the hit. */
async function around(log: ScannedLog, hit: Hit): Promise<{ first: number; chunks: ScannedChunk[] }> {
  const readFrom = (first: number) => log.read(first, Math.min(MAX_READ_BYTES, hit.to - first + AROUND_BYTES));
  const first = Math.max(log.start, hit.from - AROUND_BYTES);
  const chunks = await readFrom(first).catch((error: unknown) => {
    if (error instanceof DamagedOutput) return [];
    throw error;
  });
  if ((chunks.at(-1)?.to ?? 0) > hit.from) return { first, chunks };
  return { first: hit.from, chunks: await readFrom(hit.from) };
}

/** A carriage return begins a line again, as a newline does: progress bars are many lines and not one. */
function lineBegin(text: string, at: number): number {
  return at === 0 ? 0 : Math.max(text.lastIndexOf('\n', at - 1), text.lastIndexOf('\r', at - 1)) + 1;
}

function lineEnd(text: string, at: number): number {
  const ends = [text.indexOf('\n', at), text.indexOf('\r', at)].filter((end) => end !== -1);
  return ends.length === 0 ? text.length : Math.min(...ends);
}

/** The lines of a text that are there from their beginning to their end. */
function completeLines(latin1: string, is: { first: boolean; last: boolean }): string[] {
  const lines = latin1.split(/\r\n|[\r\n]/);
  if (!is.last || lines.at(-1) === '') lines.pop();
  if (!is.first) lines.shift();
  return lines.map((line) => shown(line.slice(0, LINE_BYTES)));
}

/** The line as text, and where the needle stands in it. */
function marked(latin1: string, needle: Matcher): { line: string; marks: Mark[] } {
  let line = '';
  const marks: Mark[] = [];
  let at = 0;
  for (let found = needle.findBytes(latin1, 0); found !== null; found = needle.findBytes(latin1, found.end)) {
    line += shown(latin1.slice(at, found.at));
    const from = line.length;
    line += shown(latin1.slice(found.at, found.end));
    marks.push([from, line.length]);
    at = found.end;
  }
  return { line: line + shown(latin1.slice(at)), marks };
}

/** The visible text of the chunks, and where the byte at a cursor stands in it. */
function visible(chunks: readonly ScannedChunk[], cursor: number): { text: string; at: number } {
  const reader = new VisibleBytes();
  const pieces: Uint8Array[] = [];
  let length = 0;
  let place: Stretch = { at: 0, from: 0 };
  for (const { bytes, from } of chunks) {
    const { visible, stretches } = reader.read(bytes, from);
    for (const stretch of stretches) if (stretch.from <= cursor) place = { at: length + stretch.at, from: stretch.from };
    pieces.push(visible);
    length += visible.length;
  }
  return { text: Buffer.concat(pieces).toString('latin1'), at: Math.min(length, place.at + cursor - place.from) };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

/** Bytes as a person reads them: without halves of characters at its ends, and without control characters. */
function shown(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  const text = decoder.decode(bytes.subarray(start, bytes.length - incompleteTail(bytes)));
  return text.replace(CONTROL, '');
}
