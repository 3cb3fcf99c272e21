import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isErrorCode } from '../../shared/errors.ts';
import { seededRandom } from '../../shared/fixtures/seeded-random.ts';
import { scaled } from '../../tools/test-pace.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import type { Draw } from './any-requests.ts';
import { ANY_REQUESTS, anyFrame, askLocally, fieldOf } from './any-requests.ts';

/**
 * Many programs and pages that ask for anything, of anything, in any order: what is looked at is removed meanwhile, what was begun is left. The agent answers
 * each in its own words, goes on, and finds no fault in itself.
 */

const ASKERS = 12;
const PAGES = 3;
const REQUESTS = scaled(20_000, 1000, 200);
const KEPT = 30;
const NOBODY = '3f2b1c00-0000-4000-8000-000000000000';

const SCRIPTS = {
  'fast.sh': 'echo hi; echo result >"$TORU_ARTIFACTS/a.txt"',
  'slow.sh': 'for i in 1 2 3 4 5 6 7 8; do echo "line $i $1"; sleep 0.3; done',
  'flood.sh': 'yes "a line of a flood" | head -c 4000000',
  'ask.sh': 'read x; echo "got $x"',
};
const FLOW = `tasks:
  chain:
    flow:
      one: {action: say}
      two: {action: wait, depends_on: [one]}
  sub:
    flow:
      a: {action: child}
      b: {action: say, depends_on: [a], retry: {max_attempts: 2, delay: 1s}}
  ask:
    flow:
      ok: {action: approve}
      z: {action: say, depends_on: [ok]}
triggers:
  every: {type: scheduler, cron: '* * * * * *', task: chain, enabled: true}
actions:
  say: {type: script, language: shell, script: 'echo hi'}
  wait: {type: script, language: shell, script: 'sleep 0.5; exit 1'}
  child: {type: task, task: chain}
  approve: {type: approval, message: go}
`;

let toru: Toru;
const ids = new Map<string, string[]>();
beforeAll(async () => {
  toru = await startToru();
  const scripts = join(toru.home, 'scripts');
  for (const [name, text] of Object.entries(SCRIPTS)) {
    writeFileSync(join(scripts, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(scripts, name), 0o755);
  }
  const flows = join(toru.home, 'flows');
  mkdirSync(join(flows, '.workflows'), { recursive: true });
  writeFileSync(join(flows, '.workflows', 'tasks.yaml'), FLOW);
  ids.set('flows', [flows]);
});
afterAll(() => toru?.[Symbol.asyncDispose]());

function keep(kind: string, id: unknown): void {
  if (typeof id !== 'string') return;
  const known = ids.get(kind) ?? [];
  ids.set(kind, [...known, id].slice(-KEPT));
}

function drawOf(random: () => number): Draw {
  const one = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];
  return {
    random,
    one,
    id: (kind) => {
      const [first, ...others] = ids.get(kind) ?? [];
      return first === undefined || random() < 0.05 ? NOBODY : one([first, ...others]);
    },
    sometimes: (part) => random() < part,
  };
}

test(`${ASKERS} programs and ${PAGES} pages that ask for anything in any order find the agent well`, {
  timeout: scaled(1_800_000, 600_000),
}, async () => {
  const seed = Date.now() % 1_000_000;
  const draw = drawOf(seededRandom(seed));
  const total = ANY_REQUESTS.reduce((sum, { weight }) => sum + weight, 0);
  const next = (): (typeof ANY_REQUESTS)[number] => {
    let left = draw.random() * total;
    const drawn = ANY_REQUESTS.find(({ weight }) => {
      left -= weight;
      return left <= 0;
    });
    return drawn ?? expect.unreachable();
  };
  const pid = toru.agentPid();
  const strange: string[] = [];
  let begun = 0;
  const asker = async (): Promise<void> => {
    for (; begun < REQUESTS && strange.length === 0; await new Promise((resolve) => setTimeout(resolve, 40 * draw.random()))) {
      begun += 1;
      const { name, ask, keep: kept } = next();
      const { method, path, body, leaves } = ask(draw);
      const answer = await askLocally(toru.home, method, path, body, leaves === true ? 400 * draw.random() : undefined);
      if (answer === null) continue;
      for (const { kind, id } of kept?.(answer.json) ?? []) keep(kind, id);
      const code = fieldOf(fieldOf(answer.json, 'error'), 'code');
      if (answer.status >= 400 && (!isErrorCode(code) || code === 'internal'))
        strange.push(`${name}: ${method} ${path} → ${answer.status} ${answer.text.slice(0, 500)}`);
    }
  };
  /** Pages come, say anything, and go without a word. */
  const page = async (): Promise<void> => {
    for (const client = await Client.of(toru); begun < REQUESTS && strange.length === 0; ) {
      const socket = await client.openSocket();
      for (let frames = 40; frames > 0 && socket.closed === null; frames -= 1) {
        socket.sendRaw(JSON.stringify(anyFrame(draw)));
        await new Promise((resolve) => setTimeout(resolve, 60 * draw.random()));
      }
      const internal = socket.of('error').filter(({ code }) => code === 'internal');
      strange.push(...internal.map((frame) => JSON.stringify(frame)));
      socket.ws.terminate();
    }
  };
  await Promise.all([...Array.from({ length: ASKERS }, asker), ...Array.from({ length: PAGES }, page)]);
  const log = readFileSync(join(toru.home, 'logs', 'agent.log'), 'utf8').split('\n');
  const faults = log.filter((line) => /^\{"level":"(?:error|fatal)"/.test(line));
  expect({ strange, faults, pid: toru.agentPid() }, `with seed ${seed}`).toEqual({ strange: [], faults: [], pid });
  expect((await askLocally(toru.home, 'GET', '/api/health'))?.status).toBe(200);
});
