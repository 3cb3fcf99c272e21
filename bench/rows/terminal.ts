import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as pty from '@lydell/node-pty';
import { WebSocket } from 'ws';
import { CLIENT_FRAMES_PER_S } from '../../shared/limits.ts';
import type { TerminalFrameInput, TerminalServerFrame } from '../../shared/terminals.ts';
import { Client } from '../../test/harness/client.ts';
import { roundTrips } from '../clients/pinger.ts';
import { Helper } from '../helper-process.ts';
import { memoryTogether } from '../memory.ts';
import { opened } from '../opened.ts';
import { startBareRelay } from '../relay/relay.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { interleave, median, quantile, ratios, spreadOf } from '../stats.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru, PRINT_MIB } from '../toru.ts';

const ROUNDS = 9;
const KEYS = 200;
const FLOOD_MIB = 64;
const FLOOD_BYTES = FLOOD_MIB * 1024 * 1024;
const MB = 1e6;
const HELD = 10;
/** The thread that draws screens ends 30 s after the last viewer. */
const THREAD_GONE_MS = 33_000;
/** What the process that keeps terminals may take, and each of them. */
const HOST_MB = 60;
const TERMINAL_MB = 1.5;
const VIEWERS = 20;
/** The edge allows 20 sockets a session, and has two of the pages that type. */
const SESSIONS = 2;
/** What these had drawn of their recordings after so many bytes. */
const SCREENS = [
  ['vim', 12_000],
  ['tmux', 9000],
  ['git-log', 8000],
] as const;
/** Each key comes back as the terminal's own line discipline echoes it: no program stands in between. */
const ECHOES = ['sh', '-c', 'stty -icanon; exec sleep 600'];
const FLOOD = [
  'sh',
  '-c',
  `read go; yes 'the quick brown fox jumps over the lazy dog, and over it again' | head -c ${FLOOD_BYTES}; echo; echo over; sleep 600`,
];

/** A terminal, as a page looks at it. */
export class Page {
  readonly #socket: WebSocket;
  readonly #id: string;
  #hear: (data: string) => void = () => undefined;
  #screen: (data: string) => void = () => undefined;
  #acked = 0;
  bytes = 0;

  private constructor(socket: WebSocket, id: string) {
    this.#socket = socket;
    this.#id = id;
    socket.on('message', (data) => this.#take(JSON.parse(String(data))));
  }

  static async open({ admin, socket: { url, headers } }: BenchedToru, command: string[]): Promise<Page> {
    const answer = await admin.http('POST', '/api/terminals', { command });
    if (answer.status !== 201) throw new Error(`POST /api/terminals answered ${answer.status}: ${answer.text}`);
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    await opened(socket, 'message');
    const page = new Page(socket, answer.json().id);
    page.send({ type: 'attach', terminal_id: page.#id, from: 0 });
    return page;
  }

  get id(): string {
    return this.#id;
  }

  /** Attaches again, to the screen. @returns how long it took, and its bytes. */
  async screen(): Promise<{ ms: number; bytes: number }> {
    const found = Promise.withResolvers<string>();
    this.#screen = found.resolve;
    const start = performance.now();
    this.send({ type: 'attach', terminal_id: this.#id, from: 'screen' });
    const data = await found.promise;
    return { ms: performance.now() - start, bytes: Buffer.byteLength(data) };
  }

  send(frame: TerminalFrameInput): void {
    this.#socket.send(JSON.stringify(frame));
  }

  type(data: string): void {
    this.send({ type: 'input', terminal_id: this.#id, data });
  }

  /** The next output for which `holds`. */
  until(holds: (data: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#hear = (data) => {
        if (holds(data)) resolve();
      };
    });
  }

  /** Hears all of its output. */
  listen(hear: (data: string) => void): void {
    this.#hear = hear;
  }

  close(): void {
    this.#socket.terminate();
  }

  #take(frame: TerminalServerFrame): void {
    if (frame.type === 'screen') return this.#screen(frame.data);
    if (frame.type === 'attached') this.#acked = frame.cursor;
    if (frame.type !== 'output') return;
    this.bytes += frame.data.length;
    if (frame.cursor - this.#acked >= 4096) {
      this.#acked = frame.cursor;
      this.send({ type: 'ack', terminal_id: this.#id, cursor: frame.cursor });
    }
    this.#hear(frame.data);
  }
}

/** @returns how long each took, without those that open paths. */
export async function keystrokes(type: (key: string) => void, echoed: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < KEYS; i += 1) {
    const start = performance.now();
    const back = echoed();
    type('x');
    await back;
    times.push(performance.now() - start);
  }
  return times.slice(20);
}

/** Shells on the page: what a key costs beyond the way to the host and the pty’s own echo, how fast output comes, what memory they take. */
export const terminal: Row = {
  name: 'terminal',
  title: 'Terminals: a keystroke’s echo, output, screen, memory',
  deadline: 900,
  async measure() {
    await using benched = await openToru();
    await using relay = await startBareRelay();
    const page = await Page.open(benched, ECHOES);
    const own = pty.spawn('sh', ECHOES.slice(1), { encoding: null });
    await sleep(1000);
    const fresh = memoryTogether([hostPid(benched.toru.home)]);
    const frame = JSON.stringify({ type: 'detach', task_id: crypto.randomUUID() });
    const found = await interleave(ROUNDS, {
      toru: async () => {
        const times = await keysOf(page);
        return median(times);
      },
      relay: async () => median(await roundTrips(relay.frontUrl, { frame, hello: false })),
      pty: async () => {
        const echoed = (): Promise<void> =>
          new Promise((resolve) => {
            const listening = own.onData(() => {
              listening.dispose();
              resolve();
            });
          });
        return median(await keystrokes((key) => own.write(key), echoed));
      },
    });
    own.kill();
    const beside = await besideFlood(benched, page);
    page.close();
    const screens = await drawn(benched);
    benched.script('print.sh', PRINT_MIB);
    const task = await benched.start('print.sh', [String(FLOOD_MIB)]);
    await benched.ended(task);
    const bytes = statSync(join(benched.toru.home, 'runs', task, 'out')).size;
    await using reader = new Helper('clients/reader.ts');
    await using bare = new Helper('clients/bare-pty.ts');
    const speeds = await interleave(5, {
      pty: async () => FLOOD_BYTES / MB / ((await bare.ask({ command: FLOOD, bytes: FLOOD_BYTES })) / 1000),
      run: async () => bytes / MB / ((await reader.ask({ ...benched.socket, task, bytes })) / 1000),
      flood: async () => {
        const flooded = await Page.open(benched, FLOOD);
        await sleep(300);
        const start = performance.now();
        flooded.type('\r');
        while (flooded.bytes < FLOOD_BYTES) await sleep(5);
        const speed = flooded.bytes / MB / ((performance.now() - start) / 1000);
        flooded.close();
        return speed;
      },
    });
    const host = hostPid(benched.toru.home);
    const open = (await benched.admin.http('GET', '/api/terminals?state=running')).json().items.length;
    const before = memoryTogether([host]);
    for (let i = 0; i < HELD; i += 1) (await Page.open(benched, ['sleep', '600'])).close();
    await sleep(500);
    const after = memoryTogether([host]);
    const least = found.relay.map((time, i) => time + (found.pty[i] ?? 0));
    return {
      figures: [
        {
          what: 'echo / (bare relay behind Toru’s front + the pty’s own echo)',
          unit: '×',
          value: ratios(found.toru, least),
          target: { most: 1.3 },
        },
        { what: 'echo through Toru', unit: 'ms', value: spreadOf(found.toru) },
        { what: 'bare relay behind Toru’s front', unit: 'ms', value: spreadOf(found.relay) },
        { what: 'the pty’s own echo', unit: 'ms', value: spreadOf(found.pty) },
        {
          what: `keystroke beside a flood with ${VIEWERS} viewers, p99 of ${beside.length}`,
          unit: 'ms',
          value: exact(quantile(beside, 0.99)),
          target: { most: 50 },
        },
        { what: 'the same, p50', unit: 'ms', value: exact(median(beside)) },
        {
          what: 'output / a run’s output that is read from its file',
          unit: '×',
          value: ratios(speeds.flood, speeds.run),
          target: { least: 0.8 },
        },
        { what: 'output / what a bare reader of the pty gets', unit: '×', value: ratios(speeds.flood, speeds.pty) },
        { what: 'output, program → one viewer', unit: 'MB/s', value: spreadOf(speeds.flood) },
        { what: 'a bare reader of the pty', unit: 'MB/s', value: spreadOf(speeds.pty) },
        { what: 'a run’s output', unit: 'MB/s', value: spreadOf(speeds.run) },
        { what: 'the first screen, with the thread’s start', unit: 'ms', value: exact(screens.cold), target: { most: 100 } },
        { what: 'the first screen of a terminal just opened', unit: 'ms', value: exact(screens.first), target: { most: 100 } },
        { what: 'a screen after it', unit: 'ms', value: spreadOf(screens.ms), target: { most: 100 } },
        { what: 'the largest screen', unit: 'KB', value: exact(Math.max(...screens.bytes) / 1000), target: { most: 6 } },
        { what: 'a screen after 4 MiB that nobody looked at', unit: 'ms', value: exact(screens.segment) },
        { what: 'the pty host, of one terminal', unit: 'MB', value: exact(fresh / MB), target: { most: HOST_MB + TERMINAL_MB } },
        {
          what: `the pty host after all this, of ${open} terminals`,
          unit: 'MB',
          value: exact(before / MB),
          target: { most: HOST_MB + open * TERMINAL_MB },
        },
        { what: 'a terminal more', unit: 'MB', value: exact((after - before) / HELD / MB), target: { most: TERMINAL_MB } },
      ],
      notes: [`Medians of ${KEYS - 20} keys one after another, ${ROUNDS} rounds in turns; ${FLOOD_MIB} MiB of lines of 66 bytes, 5 times.`],
    };
  },
};

async function keysOf(page: Page): Promise<number[]> {
  const times = await keystrokes(
    (key) => page.type(key),
    () => page.until((data) => data.includes('x')),
  );
  // The edge takes no more from one socket.
  await sleep((KEYS / CLIENT_FRAMES_PER_S) * 1000);
  return times;
}

/** Keys of one terminal while another floods its viewers. */
async function besideFlood(benched: BenchedToru, page: Page): Promise<number[]> {
  const flooded = await Page.open(benched, ['yes', 'the quick brown fox jumps over the lazy dog, and over it again']);
  await using viewers = new Helper('clients/terminal-viewers.ts');
  const { origin } = benched.admin;
  const sessions: Record<string, string>[] = [];
  for (let i = 0; i < SESSIONS; i += 1) sessions.push({ origin, cookie: (await Client.of(benched.toru)).cookieHeader() });
  await viewers.ask({ url: benched.socket.url, sessions, id: flooded.id, viewers: VIEWERS });
  flooded.close();
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) times.push(...(await keysOf(page)));
  await benched.admin.http('DELETE', `/api/terminals/${flooded.id}`);
  return times;
}

async function drawn(benched: BenchedToru): Promise<{ cold: number; first: number; ms: number[]; bytes: number[]; segment: number }> {
  const ms: number[] = [];
  const bytes: number[] = [];
  let first = Number.NaN;
  const looked = await Page.open(benched, ['sh', '-c', 'seq 1000; sleep 600']);
  // Nobody looks at any screen, and the thread is gone.
  await sleep(THREAD_GONE_MS);
  const { ms: cold } = await looked.screen();
  looked.close();
  await sleep(THREAD_GONE_MS);
  for (const [name, cut] of SCREENS) {
    const file = join(import.meta.dirname, '../../test/corpus/screens', `${name}.ansi`);
    const page = await Page.open(benched, ['sh', '-c', 'stty raw; head -c "$0" "$1"; sleep 600', String(cut), file]);
    await sleep(500);
    for (let i = 0; i < 20; i += 1) {
      const screen = await page.screen();
      if (Number.isNaN(first)) first = screen.ms;
      else ms.push(screen.ms);
      bytes.push(screen.bytes);
    }
    page.close();
  }
  const long = await Page.open(benched, ['sh', '-c', 'yes "a line of a build that goes on and on" | head -c 5000000; sleep 600']);
  await sleep(4000);
  const { ms: segment } = await long.screen();
  long.close();
  return { cold, first, ms, bytes, segment };
}

export function hostPid(home: string): number {
  const folder = join(home, 'pty');
  const file = readdirSync(folder).find((name) => name.endsWith('.json')) ?? '';
  return JSON.parse(readFileSync(join(folder, file), 'utf8')).pid;
}
