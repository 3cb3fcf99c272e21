import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as pty from '@lydell/node-pty';
import { WebSocket } from 'ws';
import { USER_FRAMES_PER_S } from '../../shared/limits.ts';
import type { TerminalFrameInput, TerminalServerFrame } from '../../shared/terminals.ts';
import { roundTrips } from '../clients/pinger.ts';
import { memoryTogether } from '../memory.ts';
import { opened } from '../opened.ts';
import { startBareRelay } from '../relay/relay.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { interleave, median, ratios, spreadOf } from '../stats.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru } from '../toru.ts';

const ROUNDS = 9;
const KEYS = 200;
const FLOOD_MIB = 64;
const MB = 1e6;
const HELD = 10;
/** Each key comes back as the terminal's own line discipline echoes it: no program stands in between. */
const ECHOES = ['sh', '-c', 'stty -icanon; exec sleep 600'];
const FLOOD = [
  'sh',
  '-c',
  `read go; yes 'the quick brown fox jumps over the lazy dog, and over it again' | head -c ${FLOOD_MIB * 1024 * 1024}; echo; echo over; sleep 600`,
];

/** A terminal, as a page looks at it. */
class Page {
  readonly #socket: WebSocket;
  readonly #id: string;
  #hear: (data: string) => void = () => undefined;
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

  close(): void {
    this.#socket.terminate();
  }

  #take(frame: TerminalServerFrame): void {
    if (frame.type !== 'output') return;
    this.bytes += frame.data.length;
    if (frame.cursor - this.#acked >= 4096) {
      this.#acked = frame.cursor;
      this.send({ type: 'ack', terminal_id: this.#id, cursor: frame.cursor });
    }
    this.#hear(frame.data);
  }
}

async function keystrokes(type: (key: string) => void, echoed: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < KEYS; i += 1) {
    const start = performance.now();
    const back = echoed();
    type('x');
    await back;
    times.push(performance.now() - start);
  }
  return median(times.slice(20));
}

/** Shells on the page: what a key costs beyond the way to the host and the pty’s own echo, how fast output comes, what memory they take. */
export const terminal: Row = {
  name: 'terminal',
  title: 'Terminals: a keystroke’s echo, output, memory',
  async measure() {
    await using benched = await openToru();
    await using relay = await startBareRelay();
    const page = await Page.open(benched, ECHOES);
    const own = pty.spawn('sh', ECHOES.slice(1), { encoding: null });
    await sleep(1000);
    const frame = JSON.stringify({ type: 'detach', task_id: crypto.randomUUID() });
    const found = await interleave(ROUNDS, {
      toru: async () => {
        const time = await keystrokes(
          (key) => page.type(key),
          () => page.until((data) => data.includes('x')),
        );
        await sleep((KEYS / USER_FRAMES_PER_S) * 1000);
        return time;
      },
      relay: async () => median(await roundTrips(relay.frontUrl, { frame, hello: false })),
      pty: () =>
        keystrokes(
          (key) => own.write(key),
          () =>
            new Promise((resolve) => {
              const listening = own.onData(() => {
                listening.dispose();
                resolve();
              });
            }),
        ),
    });
    own.kill();
    page.close();
    const speeds = await interleave(3, {
      flood: async () => {
        const flooded = await Page.open(benched, FLOOD);
        await sleep(300);
        const over = flooded.until((data) => data.includes('over'));
        const start = performance.now();
        flooded.type('\r');
        // The sentence holds the word: only the end says it alone.
        let done = false;
        while (!done) done = await Promise.race([over.then(() => flooded.bytes > FLOOD_MIB * 1024 * 1024), sleep(20).then(() => false)]);
        const speed = flooded.bytes / MB / ((performance.now() - start) / 1000);
        flooded.close();
        return speed;
      },
    });
    const host = hostPid(benched.toru.home);
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
        { what: 'output, program → one viewer', unit: 'MB/s', value: spreadOf(speeds.flood) },
        { what: 'the pty host', unit: 'MB', value: exact(before / MB), target: { most: 60 } },
        { what: 'a terminal more', unit: 'MB', value: exact((after - before) / HELD / MB), target: { most: 1.5 } },
      ],
      notes: [`Medians of ${KEYS - 20} keys one after another, ${ROUNDS} rounds in turns; ${FLOOD_MIB} MiB of lines of 66 bytes, 3 times.`],
    };
  },
};

function hostPid(home: string): number {
  const folder = join(home, 'pty');
  const file = readdirSync(folder).find((name) => name.endsWith('.json')) ?? '';
  return JSON.parse(readFileSync(join(folder, file), 'utf8')).pid;
}
