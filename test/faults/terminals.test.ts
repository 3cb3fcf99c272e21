import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { AnsweringViewer } from './answering-viewer.ts';
import type { Stage } from './stage.ts';
import { onStage } from './stage.ts';
import { TerminalViewer, type WatchedTerminal } from './terminal-viewer.ts';

/** Shells across the death of the agent, of the edge, of both, and of what keeps them. */

const TERMINALS = scaled(10, 3);
const VIEWERS = 3;
const ROUNDS = scaled(100, 3);
/** On a busy machine a round takes ten seconds, and on a quiet one four. */
const LIMIT_MS = scaled(3_600_000, 300_000);

let stage: Stage;
let client: Client;

onStage((...opened) => {
  [stage, client] = opened;
});

const terminal = async (id: string) => (await client.http('GET', `/api/terminals/${id}`)).json();
const pidOfHost = (): number => {
  const folder = join(stage.home, 'pty');
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8')).pid;
};

async function open(command: string[]): Promise<string> {
  await stage.linked();
  const answer = await client.http('POST', '/api/terminals', { command });
  expect(answer.status, answer.text).toBe(201);
  return answer.json().id;
}

/**
 * Counts until the file is there. It waits by itself: ten shells that start a `sleep` for each line took a processor, and a round a
 * minute.
 */
const counting = (gate: string): string[] => [
  'bash',
  '-c',
  `exec 9<> <(:); echo "pid $$"; i=0; while [ ! -e '${gate}' ]; do i=$((i+1)); echo "line $i"; read -t 0.02 -u 9; done; echo done; exit 7`,
];

/** Each of them gets more of its terminal. */
async function flowing(all: readonly WatchedTerminal[], when: string): Promise<void> {
  const before = all.map(({ cursor }) => cursor);
  await eventually(`no terminal stands still ${when}`, () => all.filter(({ cursor }, i) => cursor <= (before[i] ?? 0)).length, {
    holds: (seen) => seen === 0,
    limitMs: 120_000,
  });
}

/** Lets those that count come to their end, of which each viewer has every byte. @param watched of each terminal, by its viewers. */
async function expectCounted(gate: string, ids: readonly string[], watched: readonly (readonly WatchedTerminal[])[]): Promise<void> {
  writeFileSync(gate, '');
  await eventually('all have ended', () => watched.flat().filter(({ ended }) => ended === null).length, {
    holds: (left) => left === 0,
    limitMs: 120_000,
  });
  for (const [at, id] of ids.entries()) {
    const printed = (await client.http('GET', `/api/terminals/${id}/output`)).text;
    const lines = printed.split('\r\n');
    const count = lines.length - 3;
    expect(lines).toEqual([expect.stringMatching(/^pid \d+$/), ...Array.from({ length: count }, (_, i) => `line ${i + 1}`), 'done', '']);
    for (const one of watched[at] ?? []) expectExact(one, printed);
    expect(await terminal(id)).toMatchObject({ state: 'ended', exit_code: 7, signal: null, reason: null });
  }
}

test(
  `${TERMINALS} busy shells with ${VIEWERS} viewers each, ${ROUNDS} × kill -9 of agent, edge or both`,
  async () => {
    const gate = join(stage.home, 'gate');
    const ids = await Promise.all(Array.from({ length: TERMINALS }, () => open(counting(gate))));
    const viewers = Array.from({ length: VIEWERS }, () => new TerminalViewer(client));
    const watched = ids.map((id) => viewers.map((viewer) => viewer.watch(id)));
    const all = watched.flat();
    await flowing(all, 'at first');
    const host = pidOfHost();
    for (let round = 0; round < ROUNDS; round += 1) {
      const edge = round % 3 === 1 || round % 3 === 2 ? stage.killEdge() : Promise.resolve();
      if (round % 3 !== 1) {
        await stage.killAgent();
        await stage.startAgent();
      }
      await edge;
      await flowing(all, `after round ${round}`);
    }
    expect(pidOfHost()).toBe(host);
    await expectCounted(gate, ids, watched);
    for (const viewer of viewers) viewer.close();
  },
  LIMIT_MS,
);

test(
  'an agent that is stopped in peace, as by an update, leaves no socket; its terminals live on, and their viewers have every byte',
  async () => {
    const gate = join(stage.home, 'gate-update');
    const ids = await Promise.all([open(counting(gate)), open(counting(gate))]);
    const viewers = Array.from({ length: VIEWERS }, () => new TerminalViewer(client));
    const watched = ids.map((id) => viewers.map((viewer) => viewer.watch(id)));
    await flowing(watched.flat(), 'at first');
    const host = pidOfHost();
    const own = ['api.sock', 'tty.sock', 'service.sock', 'agent.pid'].map((name) => join(stage.home, name));
    for (let round = 0; round < scaled(20, 3); round += 1) {
      expect(own.filter((file) => !existsSync(file))).toEqual([]);
      await stage.stopAgent();
      expect(own.filter((file) => existsSync(file))).toEqual([]);
      await stage.startAgent();
      await flowing(watched.flat(), `after stop ${round}`);
    }
    expect(pidOfHost()).toBe(host);
    await expectCounted(gate, ids, watched);
    for (const viewer of viewers) viewer.close();
  },
  LIMIT_MS,
);

function expectExact({ text, lost, repeated, gaps, errors, ended }: WatchedTerminal, printed: string): void {
  expect({ lost, repeated, gaps, errors, code: ended?.code }).toEqual({ lost: 0, repeated: 0, gaps: 0, errors: [], code: 7 });
  expect(text === printed).toBe(true);
}

/** Asks about a mode with another number each time, and notes which numbers were answered. */
const asking = (gate: string, answers: string): string => `
  const { appendFileSync, existsSync } = require('node:fs');
  let n = 0;
  process.stdin.setRawMode(true);
  process.stdin.on('data', (data) => appendFileSync(${JSON.stringify(answers)}, data));
  setInterval(() => {
    if (existsSync(${JSON.stringify(gate)})) process.exit(0);
    n += 1;
    process.stdout.write('asked ' + n + '\\x1b[?' + (10000 + n) + '$p');
  }, 30);`;

test(
  'of three viewers one answers what a program asks, across kill -9 of agent and edge',
  async () => {
    const gate = join(stage.home, 'gate-asking');
    const answers = join(stage.home, 'answers');
    writeFileSync(answers, '');
    const id = await open([process.execPath, '-e', asking(gate, answers)]);
    const viewers = Array.from({ length: 3 }, () => new AnsweringViewer(client, id));
    const answered = (): number[] => [...readFileSync(answers, 'utf8').matchAll(/\[\?(\d+);\d\$y/g)].map(([, number]) => Number(number));
    const grows = async (when: string): Promise<void> => {
      const before = answered().length;
      await eventually(`it is answered ${when}`, () => answered().length > before + 20, 60_000);
    };
    await sleep(1000);
    for (const viewer of viewers) viewer.start();
    await grows('at first');
    for (let round = 0; round < scaled(20, 3); round += 1) {
      // Who typed last answers from there on.
      viewers[round % 3]?.type(`typed${round}`);
      await grows('by who typed');
      const before = answered();
      expect(before.slice(1).filter((number, i) => number !== (before[i] ?? 0) + 1 && round === 0)).toEqual([]);
      if (round % 3 !== 0) await stage.killEdge();
      if (round % 3 !== 1) {
        await stage.killAgent();
        await stage.startAgent();
      }
      await grows(`after round ${round}`);
    }
    writeFileSync(gate, '');
    await eventually('it has ended', async () => (await terminal(id)).state, { holds: (state) => state === 'ended' });
    const all = answered();
    expect(all.filter((number, i) => all.indexOf(number) !== i)).toEqual([]);
    for (const viewer of viewers) viewer.close();
  },
  LIMIT_MS,
);

test('what keeps terminals is killed: they end with the reason, and the next one opens', async () => {
  const id = await open(['sh', '-c', 'echo here; sleep 600']);
  const viewer = new TerminalViewer(client);
  const watched = viewer.watch(id);
  await eventually('it printed', () => watched.text.includes('here'));
  const { pid } = JSON.parse(
    readFileSync(join(stage.home, 'pty', readdirSync(join(stage.home, 'pty')).find((name) => name.endsWith('.json')) ?? ''), 'utf8'),
  );
  process.kill(pid, 'SIGKILL');
  await eventually('its viewer is told', () => watched.ended !== null, 60_000);
  expect(watched.ended?.reason).toMatch(/process that keeps terminals ended/);
  expect(await terminal(id)).toMatchObject({
    state: 'ended',
    exit_code: null,
    reason: expect.stringMatching(/process that keeps terminals/),
  });
  await eventually('nothing of it runs', () => !existsSync(`/proc/${pid}/fd/0`));
  const next = await open(['sh', '-c', 'echo again']);
  await eventually('the next one runs', async () => (await client.http('GET', `/api/terminals/${next}/output`)).text.includes('again'));
  viewer.close();
});

test('it ends while the agent is dead, and so does the host that kept it: how it ended is known', async () => {
  const gate = join(stage.home, 'gate-away');
  const id = await open(['sh', '-c', `while [ ! -e '${gate}' ]; do sleep 0.05; done; echo bye; exit 5`]);
  await stage.killAgent();
  writeFileSync(gate, '');
  await eventually('it has ended', () => existsSync(join(stage.home, 'terminals', id, 'exit')));
  await stage.startAgent();
  await stage.linked();
  await eventually('it is known', async () => (await terminal(id)).state, { holds: (state) => state === 'ended' });
  expect(await terminal(id)).toMatchObject({ exit_code: 5, reason: null });
  expect((await client.http('GET', `/api/terminals/${id}/output`)).text).toBe('bye\r\n');
});
