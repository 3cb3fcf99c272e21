import { WebSocket } from 'ws';
import { ageRun } from '../../test/harness/age.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { stage } from '../deadline.ts';
import { Helper, residentBytes } from '../helper-process.ts';
import { opened } from '../opened.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { quantile, spreadOf } from '../stats.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru, PRINT_MIB } from '../toru.ts';

/** `print.sh 1000` prints 1.08 GB, `print.sh 250` a quarter of that. */
const BIG = logOf(1000);
/** Compressed with as much rest as work: 1 GB takes a minute on a quiet machine, and many on a busy one. */
const PACKED = logOf(250);
const OPENS = 40;
/** What a page asks for when it opens a log at its end. */
const BACK = 256 * 1024;
const MB = 1e6;
const COMPRESSION_MS = 150_000;
const SEARCHES = 3;

/**
 * A log of a gigabyte: written while one viewer follows and one has stopped reading, then opened here and there and
 * searched; and the same with a compressed one.
 */
export const bigLog: Row = {
  name: 'big-log',
  title: 'A log of 1 GB: open at the tail, jump to the middle, search; memory while it is written; one of 270 MB compressed',
  async measure() {
    await using benched = await openToru();
    const { toru, socket } = benched;
    benched.script('print.sh', PRINT_MIB);
    // The first run loads code that stays.
    await benched.ended(await benched.start('print.sh', ['8']));
    const toPack = await benched.start('print.sh', [PACKED.argument]);
    await benched.ended(toPack);
    const pid = toru.agentPid();
    const before = residentBytes(pid);
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, residentBytes(pid));
    }, 50);
    stage('1 GB is written');
    const start = performance.now();
    const task = await benched.start('print.sh', [BIG.argument]);
    await using live = new Helper('clients/reader.ts');
    const following = live.ask({ ...socket, task, bytes: BIG.bytes });
    const stalled = await attachOnly(benched, task);
    await benched.ended(task);
    const wrote = (performance.now() - start) / 1000;
    await following;
    const followed = (performance.now() - start) / 1000;
    stalled.terminate();
    const grown = peak - before;
    peak = residentBytes(pid);
    const settled = peak;
    const raw = await openings(benched, task, BIG);
    const openingsGrew = peak - settled;
    const rawSearch = await searches(benched, task, BIG);
    clearInterval(watch);
    const compressed = await compress(benched, toPack);
    const packed = await openings(benched, toPack, PACKED);
    const packedSearch = await searches(benched, toPack, PACKED);
    const p95 = (values: number[]) => exact(quantile(values, 0.95));
    return {
      figures: [
        { what: 'opened at the tail: first lines, p95', unit: 'ms', value: p95(raw.tail), target: { most: 300 } },
        { what: 'jump into the middle: first lines, p95', unit: 'ms', value: p95(raw.middle), target: { most: 300 } },
        { what: '64 KiB from the middle over HTTP, p95', unit: 'ms', value: p95(raw.range), target: { most: 300 } },
        { what: 'compressed, opened at the tail: first lines, p95', unit: 'ms', value: p95(packed.tail), target: { most: 300 } },
        { what: 'compressed, jump into the middle: first lines, p95', unit: 'ms', value: p95(packed.middle), target: { most: 300 } },
        { what: 'compressed, 64 KiB from the middle over HTTP, p95', unit: 'ms', value: p95(packed.range), target: { most: 300 } },
        { what: 'search: the first hit, at the head', unit: 'ms', value: spreadOf(rawSearch.first), target: { most: 300 } },
        { what: 'compressed, search: the first hit, at the head', unit: 'ms', value: spreadOf(packedSearch.first), target: { most: 300 } },
        { what: 'search of all of it', unit: 'MB/s', value: spreadOf(rawSearch.speed) },
        { what: 'compressed, search of all of it', unit: 'MB/s', value: spreadOf(packedSearch.speed) },
        { what: 'opened at the tail: first lines', unit: 'ms', value: spreadOf(raw.tail) },
        { what: 'jump into the middle: first lines', unit: 'ms', value: spreadOf(raw.middle) },
        { what: 'agent’s memory while 1 GB was written, at most', unit: 'MB more', value: exact(grown / MB), target: { most: 50 } },
        {
          what: `agent’s memory over ${3 * OPENS} opens, at most`,
          unit: 'MB more',
          value: exact(openingsGrew / MB),
          target: { most: 50 },
        },
        { what: 'written, with one live and one stalled viewer', unit: 'MB/s', value: exact(BIG.bytes / MB / wrote) },
        { what: 'taken in by the live viewer', unit: 'MB/s', value: exact(BIG.bytes / MB / followed) },
        { what: 'compressed in the background', unit: 'MB/s', value: exact(PACKED.bytes / MB / compressed.seconds) },
        { what: 'on the disk, compressed, of what was printed', unit: '%', value: exact((100 * compressed.bytes) / PACKED.bytes) },
      ],
      notes: [
        'Memory is the resident set, read every 50 ms, over what it was before.',
        'These lines repeat more than most: logs with times and numbers shrink to about a quarter.',
      ],
    };
  },
};

/** What `print.sh` prints of this argument. */
interface Log {
  argument: string;
  bytes: number;
  /** How its last line begins. */
  lastLine: string;
}

function logOf(mib: number): Log {
  const lines = mib * 16_384;
  return { argument: String(mib), bytes: lines * 66, lastLine: String(lines - 1).padStart(8, '0') };
}

/** First lines at the tail and all over the middle, and 64 KiB by HTTP, in ms. */
async function openings(
  benched: BenchedToru,
  task: string,
  { bytes }: Log,
): Promise<{ tail: number[]; middle: number[]; range: number[] }> {
  const tail: number[] = [];
  const middle: number[] = [];
  const range: number[] = [];
  for (let i = 0; i < OPENS; i += 1) {
    const place = Math.floor((bytes * (i + 1)) / (OPENS + 2));
    stage(`opened for the ${i + 1}th time of ${OPENS}`);
    tail.push(await firstLines(benched, task, bytes - BACK));
    middle.push(await firstLines(benched, task, place));
    const at = performance.now();
    const answer = await benched.admin.http('GET', `/api/runs/${task}/output?from=${place}&limit=65536`);
    range.push(performance.now() - at);
    if (answer.status !== 200 || answer.bytes.length < 60_000)
      throw new Error(`output answered ${answer.status}: ${answer.text.slice(0, 200)}`);
  }
  return { tail, middle, range };
}

/** A search whose first hit is in the first line, and one that has to look at everything to find the last line. */
async function searches({ admin }: BenchedToru, task: string, { bytes, lastLine }: Log): Promise<{ first: number[]; speed: number[] }> {
  const first: number[] = [];
  const speed: number[] = [];
  const search = async (q: string, limit: number): Promise<number> => {
    const start = performance.now();
    const answer = await admin.http('GET', `/api/runs/${task}/search?q=${encodeURIComponent(q)}&limit=${limit}`);
    if (!answer.text.includes('"type":"match"')) throw new Error(`nothing found: ${answer.text.slice(-300)}`);
    return performance.now() - start;
  };
  for (let i = 0; i < SEARCHES; i += 1) {
    stage(`searched for the ${i + 1}th time of ${SEARCHES}`);
    first.push(await search('quick brown', 1));
    speed.push(bytes / MB / ((await search(`${lastLine} the`, 1)) / 1000));
  }
  return { first, speed };
}

/** Lets the next agent compress it. @returns how long that took, and what is left on the disk. */
async function compress({ toru, admin }: BenchedToru, task: string): Promise<{ seconds: number; bytes: number }> {
  stage('the log is compressed');
  await toru.stop();
  ageRun(toru.home, task);
  await toru.start();
  const start = performance.now();
  let bytes: number | null = null;
  await eventually(
    'the log is compressed',
    async () => {
      bytes = (await admin.http('GET', `/api/runs/${task}`)).json().disk_bytes;
      return bytes !== null;
    },
    COMPRESSION_MS,
  );
  return { seconds: (performance.now() - start) / 1000, bytes: bytes ?? Number.NaN };
}

async function attachOnly({ socket }: BenchedToru, task: string): Promise<WebSocket> {
  const viewer = new WebSocket(socket.url, { headers: socket.headers, perMessageDeflate: false });
  await opened(viewer, 'message');
  viewer.send(JSON.stringify({ type: 'attach', task_id: task, from: 0 }));
  return viewer;
}

/** From `attach` to the first frame of output. */
async function firstLines({ socket }: BenchedToru, task: string, from: number): Promise<number> {
  const viewer = new WebSocket(socket.url, { headers: socket.headers, perMessageDeflate: false });
  await opened(viewer, 'message');
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
