import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Helper, residentBytes } from '../processes.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { quantile, spreadOf } from '../stats.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru, PRINT_MIB } from '../toru.ts';

/** `print.sh 1000` prints 1.08 GB. */
const ARGUMENT = 1000;
const BYTES = ARGUMENT * 16_384 * 66;
const OPENS = 40;
/** What a page asks for when it opens a log at its end. */
const BACK = 256 * 1024;
const MB = 1e6;

/** A log of a gigabyte: written while one viewer follows and one has stopped reading, then opened here and there. */
export const bigLog: Row = {
  name: 'big-log',
  title: 'A log of 1 GB: open at the tail, jump to the middle; memory while it is written',
  async measure() {
    await using benched = await openToru();
    const { toru, socket } = benched;
    benched.script('print.sh', PRINT_MIB);
    // The first run loads code that stays.
    await benched.ended(await benched.start('print.sh', ['8']));
    const pid = toru.agentPid();
    const before = residentBytes(pid);
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, residentBytes(pid));
    }, 50);
    const start = performance.now();
    const task = await benched.start('print.sh', [String(ARGUMENT)]);
    await using live = new Helper('clients/reader.ts');
    const following = live.ask({ ...socket, task, bytes: BYTES });
    const stalled = await attachOnly(benched, task);
    await benched.ended(task);
    const wrote = (performance.now() - start) / 1000;
    await following;
    const followed = (performance.now() - start) / 1000;
    stalled.terminate();
    const grown = peak - before;
    peak = residentBytes(pid);
    const settled = peak;
    const tail: number[] = [];
    const middle: number[] = [];
    const range: number[] = [];
    for (let i = 0; i < OPENS; i += 1) {
      tail.push(await firstLines(benched, task, BYTES - BACK));
      middle.push(await firstLines(benched, task, Math.floor((BYTES * (i + 1)) / (OPENS + 2))));
      const at = performance.now();
      const answer = await benched.admin.http(
        'GET',
        `/api/runs/${task}/output?from=${Math.floor((BYTES * (i + 1)) / (OPENS + 2))}&limit=65536`,
      );
      range.push(performance.now() - at);
      if (answer.status !== 200 || answer.bytes.length < 60_000)
        throw new Error(`output answered ${answer.status}: ${answer.text.slice(0, 200)}`);
    }
    clearInterval(watch);
    const p95 = (values: number[]) => exact(quantile(values, 0.95));
    return {
      figures: [
        { what: 'opened at the tail: first lines, p95', unit: 'ms', value: p95(tail), target: { most: 300 } },
        { what: 'jump into the middle: first lines, p95', unit: 'ms', value: p95(middle), target: { most: 300 } },
        { what: '64 KiB from the middle over HTTP, p95', unit: 'ms', value: p95(range), target: { most: 300 } },
        { what: 'opened at the tail: first lines', unit: 'ms', value: spreadOf(tail) },
        { what: 'jump into the middle: first lines', unit: 'ms', value: spreadOf(middle) },
        { what: 'agent’s memory while 1 GB was written, at most', unit: 'MB more', value: exact(grown / MB), target: { most: 50 } },
        {
          what: `agent’s memory over ${3 * OPENS} opens, at most`,
          unit: 'MB more',
          value: exact((peak - settled) / MB),
          target: { most: 50 },
        },
        { what: 'written, with one live and one stalled viewer', unit: 'MB/s', value: exact(BYTES / MB / wrote) },
        { what: 'taken in by the live viewer', unit: 'MB/s', value: exact(BYTES / MB / followed) },
      ],
      notes: [`Memory is the resident set, read every 50 ms, over what it was before. Search waits for its own row.`],
    };
  },
};

async function attachOnly({ socket }: BenchedToru, task: string): Promise<WebSocket> {
  const viewer = new WebSocket(socket.url, { headers: socket.headers, perMessageDeflate: false });
  await once(viewer, 'message');
  viewer.send(JSON.stringify({ type: 'attach', task_id: task, from: 0 }));
  return viewer;
}

/** From `attach` to the first frame of output. */
async function firstLines({ socket }: BenchedToru, task: string, from: number): Promise<number> {
  const viewer = new WebSocket(socket.url, { headers: socket.headers, perMessageDeflate: false });
  await once(viewer, 'message');
  const start = performance.now();
  const took = new Promise<number>((resolve, reject) => {
    viewer.on('message', (data: Buffer) => {
      const said = data.toString('latin1', 0, 16);
      if (said.startsWith('{"type":"stdout"')) resolve(performance.now() - start);
      else if (said.startsWith('{"type":"error"')) reject(new Error(data.toString()));
    });
    viewer.on('close', (code) => reject(new Error(`closed with ${code}`)));
  });
  viewer.send(JSON.stringify({ type: 'attach', task_id: task, from }));
  try {
    return await took;
  } finally {
    viewer.terminate();
  }
}
