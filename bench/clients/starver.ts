import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { answerOrders } from '../helper-process.ts';

/** One client that does its worst, on several sockets or with several requests at once, until it is told to stop. */

const frames = z.object({
  do: z.literal('frames'),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  sockets: z.int(),
  /** Sent as it is, but for `#`, which becomes `repeat` times `filling`. */
  frame: z.string(),
  filling: z.string(),
  repeat: z.int(),
  /** On each socket: so many at once, then so many a second. */
  burst: z.int(),
  perS: z.int(),
});
const bodies = z.object({
  do: z.literal('bodies'),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  atOnce: z.int(),
  frame: z.string(),
  filling: z.string(),
  repeat: z.int(),
});
const reads = z.object({
  do: z.literal('reads'),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  atOnce: z.int(),
});
const order = z.discriminatedUnion('do', [frames, bodies, reads, z.object({ do: z.literal('stop') })]);

/** Null: nothing is sent any more. */
let over: AbortController | null = null;
let sent = 0;
let working: Promise<unknown> = Promise.resolve();

const AFTER_CLOSE_MS = 200;
const TICK_MS = 20;
/** Else a client measures how fast refusals are said. */
const REFUSED_MS = 50;

answerOrders(async (said) => {
  const asked = order.parse(said);
  if (asked.do === 'stop') {
    over?.abort();
    await working;
    return sent;
  }
  sent = 0;
  over = new AbortController();
  const { signal } = over;
  const many = Array.from({ length: asked.do === 'frames' ? asked.sockets : asked.atOnce });
  working = Promise.all(many.map(() => work(asked, signal)));
  return 0;
});

type Attack = z.infer<typeof frames> | z.infer<typeof bodies> | z.infer<typeof reads>;

function work(asked: Attack, signal: AbortSignal): Promise<void> {
  switch (asked.do) {
    case 'frames':
      return talk(asked, textOf(asked), signal);
    case 'bodies':
      return ask(asked, { method: 'POST', body: textOf(asked) }, signal);
    case 'reads':
      return ask(asked, { method: 'GET' }, signal);
  }
}

function textOf({ frame, filling, repeat }: z.infer<typeof frames> | z.infer<typeof bodies>): string {
  return frame.replace('#', () => filling.repeat(repeat));
}

/** One socket, opened again whenever it was closed. */
async function talk({ url, headers, burst, perS }: z.infer<typeof frames>, text: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.once('open', () => {
      for (let n = 0; n < burst; n += 1) say(socket, text);
    });
    let due = 0;
    const ticking = setInterval(() => {
      due += (perS * TICK_MS) / 1000;
      // What it can't get rid of waits in this process, and is not what is measured.
      for (; due >= 1; due -= 1) if (socket.bufferedAmount < 8 * 1024 * 1024) say(socket, text);
    }, TICK_MS);
    const stop = (): void => socket.terminate();
    signal.addEventListener('abort', stop);
    await closed;
    clearInterval(ticking);
    signal.removeEventListener('abort', stop);
    await sleep(AFTER_CLOSE_MS);
  }
}

function say(socket: WebSocket, text: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(text);
  sent += 1;
}

/** One request after another; a little later, where it was refused. */
async function ask(
  { url, headers }: { url: string; headers: Record<string, string> },
  init: { method: string; body?: string },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const answer = await fetch(url, { ...init, headers, signal }).catch(() => null);
    await answer?.text().catch(() => null);
    sent += 1;
    if (answer?.status === 429) await sleep(REFUSED_MS);
  }
}
