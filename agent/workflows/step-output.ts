import { lstatSync, readFileSync } from 'node:fs';
import type { Json } from '../../shared/flow/job.ts';
import { MAX_OUTPUT_SIZE } from '../../shared/flow/job.ts';
import { excessOf, FROM_PLUGINS, shallowJson } from '../../shared/json.ts';
import type { RunLog } from '../logs/run-log.ts';
import { hiddenIn } from './hidden-output.ts';

const TOO_LARGE = 'Put what is larger into $TORU_ARTIFACTS.';
/** Of a line of output that is a word of the step's. */
const MAX_LINE = MAX_OUTPUT_SIZE + 16;
const STEP = 256 * 1024;

/** What a step said beside what it printed. */
export interface Said {
  /** Absent when it said nothing. */
  output?: Json;
  /** Of its lines `STATE:`, merged; null when there was none. */
  state: Record<string, Json> | null;
}

/**
 * Reads the step's words: the file `$TORU_OUTPUT`, else the last line `OUTPUT: {json}` on standard output; and its lines `STATE: {json}`. A line
 * whose rest is no JSON is a line like any other. @param file of `$TORU_OUTPUT`. @param secrets that the step was given, which the file may not keep.
 * @throws Error with a sentence when the file is not as it should be.
 */
export async function saidBy(log: Pick<RunLog, 'end' | 'read'>, file: string, secrets: () => readonly string[]): Promise<Said> {
  const words: Said = { state: null };
  for await (const line of markedLines(log)) {
    const [, word, rest = ''] = /^(OUTPUT|STATE): (.*)$/s.exec(line) ?? [];
    const value = word === undefined ? undefined : jsonOf(rest, `line ${word}`);
    if (value === undefined) continue;
    if (word === 'OUTPUT') words.output = value;
    else if (isRecord(value)) words.state = { ...words.state, ...value };
  }
  const written = readOutputFile(file);
  return written === undefined ? words : { ...words, output: hiddenIn(written, secrets()) };
}

/** @throws Error with a sentence */
function readOutputFile(file: string): Json | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new Error('Its $TORU_OUTPUT is no file any more.');
  if (found.size === 0) return undefined;
  if (found.size > MAX_OUTPUT_SIZE) throw new Error(`Its $TORU_OUTPUT is larger than ${MAX_OUTPUT_SIZE / 1024} KiB. ${TOO_LARGE}`);
  const value = jsonOf(readFileSync(file, 'utf8'), '$TORU_OUTPUT');
  if (value === undefined) throw new Error('Its $TORU_OUTPUT is no JSON. Write one value, such as {"answer": 42}.');
  return value;
}

/** The lines of standard output that begin as a word of a step does. */
async function* markedLines(log: Pick<RunLog, 'end' | 'read'>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let skipping = false;
  for (let at = 0; at < log.end; ) {
    const chunks = await log.read(at, STEP);
    if (chunks.length === 0) break;
    for (const chunk of chunks) {
      at = chunk.to;
      if (chunk.stream !== 'stdout') continue;
      const lines = (rest + decoder.decode(chunk.bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!skipping && isMarked(line)) yield ofGoodLength(line).replace(/\r$/, '');
        skipping = false;
      }
      if (rest.length > 8 && !isMarked(rest)) [rest, skipping] = ['', true];
      else ofGoodLength(rest);
    }
  }
  if (!skipping && isMarked(rest)) yield rest.replace(/\r$/, '');
}

function ofGoodLength(line: string): string {
  if (line.length <= MAX_LINE) return line;
  throw new Error(`Its line ${line.slice(0, line.indexOf(':'))} is larger than ${MAX_OUTPUT_SIZE / 1024} KiB. ${TOO_LARGE}`);
}

const isMarked = (line: string): boolean => line.startsWith('OUTPUT: ') || line.startsWith('STATE: ');

/** Undefined where it is none. @param what of the step's it is. @throws Error with a sentence for JSON that would cost too much, here and later. */
function jsonOf(text: string, what: string): Json | undefined {
  let value: unknown;
  const excess = excessOf(text, FROM_PLUGINS);
  try {
    value = excess === null ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
  const shallow = shallowJson.safeParse(value);
  if (shallow.success) return shallow.data;
  throw new Error(`Its ${what} is not read: ${excess ?? shallow.error.issues[0]?.message}.`);
}

const isRecord = (value: Json): value is Record<string, Json> => typeof value === 'object' && value !== null && !Array.isArray(value);
