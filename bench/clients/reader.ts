import { WebSocket } from 'ws';
import * as z from 'zod';
import { answerOrders } from '../helper-process.ts';
import { opened } from '../opened.ts';

/**
 * A browser that takes in one run's output, or one file from the bare host, and does nothing else with it: of a frame it
 * reads the end, where the cursor stands. Answers how many ms it took from the question to the last byte.
 */

const order = z.object({
  url: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  /** What to attach to, or the path of the bare host's file. */
  task: z.string().optional(),
  path: z.string().optional(),
  /** How many bytes are expected. */
  bytes: z.int(),
});
type Order = z.infer<typeof order>;

const TAIL = 48;
/** What says a window is shorter. */
const LONGEST_WORD = 64 * 1024;
/** Far longer than any pause of a busy machine: who waits longer waits for ever. */
const SILENCE_MS = 60_000;

answerOrders(async (said) => {
  const asked = order.parse(said);
  const socket = new WebSocket(asked.url, { headers: asked.headers, perMessageDeflate: false });
  await opened(socket, asked.task === undefined ? 'open' : 'message');
  const start = performance.now();
  const silence = setTimeout(() => socket.terminate(), SILENCE_MS);
  socket.on('message', () => void silence.refresh());
  const got = await (asked.task === undefined ? readBare(socket, asked) : readRun(socket, asked.task));
  clearTimeout(silence);
  const took = performance.now() - start;
  socket.terminate();
  if (got !== asked.bytes) throw new Error(`${got} bytes came of ${asked.bytes}`);
  return took;
});

function readBare(socket: WebSocket, { path }: Order): Promise<number> {
  return new Promise((resolve, reject) => {
    let got = 0;
    socket.on('message', (data: Buffer) => {
      if (data.length === 3 && data.toString() === 'end') resolve(got);
      else got += data.length;
    });
    socket.on('close', () => reject(new Error(`the bare relay closed, or said nothing for ${SILENCE_MS / 1000} s, after ${got} bytes`)));
    socket.send(`send ${path}`);
  });
}

function readRun(socket: WebSocket, task: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let cursor = 0;
    let acked = 0;
    let window = 0;
    socket.on('message', (data: Buffer) => {
      const at = /"cursor":(\d+)\}$/.exec(data.toString('latin1', Math.max(0, data.length - TAIL)))?.[1];
      if (at !== undefined) cursor = Number(at);
      else if (data.toString('latin1', 0, 14) === '{"type":"exit"') resolve(cursor);
      else if (data.toString('latin1', 0, 15) === '{"type":"error"') reject(new Error(data.toString()));
      else if (data.length < LONGEST_WORD) window = Number(/"window":(\d+)/.exec(data.toString())?.[1] ?? window);
      // Half of it: as seldom as is allowed.
      if (at === undefined || cursor - acked < window / 2) return;
      acked = cursor;
      socket.send(JSON.stringify({ type: 'ack', task_id: task, cursor }));
    });
    socket.on('close', (code) =>
      reject(new Error(`Toru closed (${code}), or said nothing for ${SILENCE_MS / 1000} s, after ${cursor} bytes`)),
    );
    socket.send(JSON.stringify({ type: 'attach', task_id: task, from: 0 }));
  });
}
