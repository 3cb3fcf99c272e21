import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';
import { parseJson } from '../../shared/json.ts';
import { linesOf } from '../../shared/lines.ts';
import { Answering } from '../../shared/terminal/answering.ts';
import { answersApart } from '../../shared/terminal/answers.ts';
import type { Terminal } from '../../shared/terminals.ts';
import { type Client, good } from './agent-client.ts';
import { DetachKeys } from './detach-keys.ts';
import type { Io, Keyboard } from './io.ts';
import { note, UsageError } from './io.ts';

/** So much of what was printed before is shown again. */
const REPLAYED_BYTES = 64 * 1024;
/** In UTF-16 units: of one request. */
const PIECE = 16 * 1024;
const LATER_MS = 20;
/** Modes that a program may have left on: mouse, bracketed paste, alternate screen, hidden cursor. */
export const MODES_OFF = '\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[?1049l\u001b[?25h\u001b[0m';

const line = z.union([
  z.object({ answers: z.boolean(), from: z.int() }),
  z.object({ stream: z.string(), data: z.string(), cursor: z.int() }),
  z.object({ gap: z.object({ from: z.int(), to: z.int() }), cursor: z.int() }),
]);

/** This terminal becomes that one, until it ends or the person leaves. @returns the exit code. @throws UsageError without a terminal. */
export async function attachTerminal(client: Client, id: string, io: Io): Promise<number> {
  const { keyboard } = io;
  if (keyboard === null || !io.out.isTTY)
    throw new UsageError('attach needs a terminal. Elsewhere: toru terminal send, exec and scrollback.');
  const { state } = await terminalOf(client, id);
  if (state === 'suspended') await good(client.terminals[':id'].resume.$post({ param: { id } }));
  const leave = new AbortController();
  await takeSize(client, id);
  const resized = (): void => void takeSize(client, id).catch(() => undefined);
  process.stdout.on('resize', resized);
  await note(io, 'Ctrl-] leaves, and so does ~. at the beginning of a line; the terminal goes on');
  const viewer = randomUUID();
  const answering = new Answering();
  const type = async (text: string): Promise<void> => {
    const parts = answering.answers ? answersApart(text) : [{ data: text, answer: false }];
    for (const { data, answer } of parts) await send(client, id, data, leave.signal, { viewer, answer });
  };
  const typing = typeKeys(keyboard, leave, type);
  try {
    await copyScreen(client, id, io, { viewer, answering, left: leave.signal });
  } finally {
    leave.abort();
    process.stdout.off('resize', resized);
    await typing;
    await io.out.write(`${MODES_OFF}\r\n`);
  }
  const ended = await terminalOf(client, id);
  if (ended.state !== 'ended') {
    await note(io, `left; it goes on: toru terminal attach ${id}`);
    return 0;
  }
  if (ended.reason !== null) await note(io, ended.reason);
  return ended.exit_code ?? 1;
}

async function terminalOf(client: Client, id: string): Promise<Terminal> {
  return (await good(client.terminals[':id'].$get({ param: { id } }))).json();
}

async function takeSize(client: Client, id: string): Promise<void> {
  const { columns, rows } = process.stdout;
  if (columns > 0 && rows > 0)
    await good(client.terminals[':id'].resize.$post({ param: { id }, json: { cols: columns, rows } })).catch(() => undefined);
}

/** Of what the program asks, this terminal gets what is for it to answer, and nothing that was printed before. */
async function copyScreen(
  client: Client,
  id: string,
  io: Io,
  { viewer, answering, left }: { viewer: string; answering: Answering; left: AbortSignal },
): Promise<void> {
  const query = { tail: String(REPLAYED_BYTES), format: 'jsonl', encoding: 'base64', follow: 'true', viewer } as const;
  const decoder = new StringDecoder('utf8');
  try {
    const answer = await good(client.terminals[':id'].output.$get({ param: { id }, query }, { init: { signal: left } }));
    if (answer.body === null) return;
    for await (const text of linesOf(answer.body)) {
      const read = line.parse(parseJson(text, 'A line of output'));
      if ('answers' in read) answering.changed(read.from, read.answers);
      else if ('data' in read) await io.out.write(answering.output(decoder.write(Buffer.from(read.data, 'base64')), read.cursor));
    }
  } catch (error) {
    if (!left.aborted) throw error;
  }
}

/** Key by key, in order. Ends when the person leaves, which aborts `leave`, or when that is aborted. */
export async function typeKeys(keyboard: Keyboard, leave: AbortController, type: (text: string) => Promise<unknown>): Promise<void> {
  const keys = new DetachKeys();
  const decoder = new StringDecoder('utf8');
  let sent = Promise.resolve();
  const take = (typed: Buffer): void => {
    const { data, leave: leaves } = keys.take(typed);
    const text = decoder.write(data);
    sent = sent
      .then(() => (text === '' ? null : type(text)))
      .then(
        () => undefined,
        () => undefined,
      );
    if (leaves) leave.abort();
  };
  keyboard.setRawMode(true);
  keyboard.on('data', take);
  keyboard.resume();
  if (!leave.signal.aborted) await once(leave.signal, 'abort');
  keyboard.off('data', take);
  keyboard.setRawMode(false);
  keyboard.pause();
}

/** Types a text, however long; where its program reads slowly, it waits. @throws ToruError */
export async function send(
  client: Client,
  id: string,
  text: string,
  left: AbortSignal,
  by: { viewer?: string; answer?: boolean } = {},
): Promise<void> {
  for (let at = 0; at < text.length; at += PIECE) {
    const data = text.slice(at, at + PIECE);
    for (;;) {
      try {
        await good(client.terminals[':id'].input.$post({ param: { id }, json: { data, ...by } }));
        break;
      } catch (error) {
        if (left.aborted || !isFull(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, LATER_MS));
      }
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'extra' in error && typeof error.extra === 'object' && error.extra !== null && 'retry' in error.extra;
}
