import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orchestratorCreate } from '../../shared/orchestrators.ts';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { LocalTransport } from '../transports/local-transport.ts';
import { startTerminalTransport } from '../transports/terminal-transport.ts';

/**
 * The rounds of rounds.test.ts that have a real pty, a real screen, real processes, real hooks and real time: a program says by its
 * terminal's token how it is before it is so, as hooks do, and notes each byte that it gets, with what it was doing then.
 */

const LIVES = process.env['TORU_FAULTS'] === 'full' ? 24 : 6;
const AT_ONCE = 6;

const PROGRAM = `
import { appendFileSync } from 'node:fs';
import { request } from 'node:http';
const [seed, file] = process.argv.slice(2);
let state = Number(seed) * 2654435761 >>> 0;
const random = () => ((state = (state * 1664525 + 1013904223) >>> 0) / 4294967296);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let mode = 'working';
let entered = false;
const say = (word) => new Promise((resolve) => {
  const asked = request({ socketPath: process.env.TORU_SOCKET, method: 'POST', path: '/api/terminal/status',
    headers: { 'content-type': 'application/json', authorization: 'Bearer ' + process.env.TORU_TERMINAL_TOKEN } },
    (answer) => { answer.resume(); answer.on('end', () => resolve(answer.statusCode)); });
  asked.on('error', () => resolve(0));
  asked.end(JSON.stringify({ state: word }));
});
process.stdin.setRawMode(true);
process.stdin.on('data', (data) => {
  const text = data.toString();
  appendFileSync(file, JSON.stringify({ mode, text }) + '\\n');
  process.stdout.write(text.replace(/\\u001b\\[20[01]~/g, '').replace('\\r', '\\r\\n'));
  if (text.includes('\\r')) entered = true;
});
process.stdout.write('\\u001b[?2004h');
for (let phase = 0; phase < 7; phase += 1) {
  const roll = random();
  if (roll < 0.3) {
    mode = 'working';
    await say('working');
    for (let i = 0; i < 8; i += 1) { process.stdout.write('step ' + i + '\\r\\n'); await sleep(150 + random() * 300); }
  } else if (roll < 0.6) {
    mode = 'asking';
    await say('needs-input');
    await sleep(random() * 500);
    process.stdout.write(random() < 0.5 ? 'Do you want to proceed?\\r\\n' : 'Loeschen (j)\\r\\n');
    await sleep(2000 + random() * 4000);
    mode = 'answered';
    await say('working');
  } else {
    process.stdout.write('> ');
    mode = 'idle';
    entered = false;
    await say('idle');
    for (const until = Date.now() + 5000 + random() * 15000; Date.now() < until && !entered; ) await sleep(20);
    appendFileSync(file, JSON.stringify({ rested: true, entered }) + '\\n');
    // It goes on by itself, and says so first.
    const was = mode;
    await say('working');
    if (was === 'idle') mode = 'working';
    process.stdout.write('\\r\\non it\\r\\n');
    await sleep(500 + random() * 1500);
  }
}
process.exit(0);
`;

let api: ApiHarness;
let transport: LocalTransport;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'toru-fakes-'));
  writeFileSync(join(folder, 'fake.mjs'), PROGRAM);
  api = await makeApi();
  const { terminals, audit } = api.services;
  const log = { error: () => undefined };
  transport = await startTerminalTransport({ home: api.home, api: api.app, log, tokens: terminals.tokens, terminals, audit });
});
afterAll(async () => {
  await transport.close();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Line {
  mode?: string;
  text?: string;
  rested?: boolean;
  entered?: boolean;
}

async function life(seed: number): Promise<Line[]> {
  const file = join(folder, String(seed));
  writeFileSync(file, '');
  const command = [process.execPath, '--max-semi-space-size=1', join(folder, 'fake.mjs'), String(seed), file];
  const made = await api.ask(api.admin, 'POST', '/api/terminals', { command, kind: 'agent' });
  const { id } = terminalShape.parse(made.json);
  const ended = async (): Promise<boolean> =>
    terminalShape.parse((await api.ask(api.admin, 'GET', `/api/terminals/${id}`)).json).state === 'ended';
  await expect.poll(ended, { timeout: 400_000, interval: 500 }).toBe(true);
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

test(`${LIVES} lives in real terminals: nothing is typed but into one that waits, and who waits is given work`, async () => {
  const rule = { enabled: true, text: 'continue' };
  const made = { ...orchestratorCreate.parse({ rule, max_per_hour: 60 }), stall_s: 2, interval_s: 1, notify: false };
  const { id } = api.services.orchestrators.create(api.admin, { ...made, max_per_hour: 1000 });
  const all: Line[] = [];
  for (let first = 1; first <= LIVES; first += AT_ONCE)
    all.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, LIVES - first + 1) }, (_, at) => life(first + at)))).flat());
  const typed = all.filter(({ text }) => text !== undefined);
  expect(typed.filter(({ mode }) => mode !== 'idle')).toEqual([]);
  expect(typed.every(({ text }) => text === '\u001b[200~continue\u001b[201~' || text === '\r')).toBe(true);
  const entered = all.filter((line) => line.rested === true && line.entered === true).length;
  console.log(`${all.filter(({ rested }) => rested).length} times it waited, ${entered} times it was given work`);
  expect(entered).toBeGreaterThan(0);
  api.services.orchestrators.remove(api.admin, id);
}, 1_200_000);
