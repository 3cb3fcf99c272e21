import { setTimeout as sleep } from 'node:timers/promises';
import { leftovers } from '../../test/harness/toru.ts';
import { Helper } from '../helper-process.ts';
import { memoryTogether } from '../memory.ts';
import { isInstalled, startWebhook } from '../peers/webhook.ts';
import type { Figure, Row } from '../row.ts';
import { exact } from '../row.ts';
import { interleave, median, spreadOf } from '../stats.ts';
import { openToru } from '../toru.ts';
import { pressOnce } from './press.ts';

const ROUNDS = 5;
const PRESSES = 40;
const COUNT = 240;
const AT_ONCE = 16;
/** What a start or a run took is given back some 15 s later (agent/memory-at-rest.ts). */
const SETTLE_MS = 30_000;
const MB = 1e6;

/** The same scripts started by adnanh/webhook, which keeps no history, has no users, and tells nothing before the end. */
export const peers: Row = {
  name: 'peers',
  title: 'Toru beside adnanh/webhook: the first byte, runs per second, memory',
  missing: () => (isInstalled() ? null : 'webhook is not installed (Debian: apt install webhook)'),
  async measure() {
    await using benched = await openToru({ MALLOC_ARENA_MAX: '1' });
    const scripts = { 'echo.sh': benched.script('echo.sh', '#!/bin/sh\necho pressed\n'), true: benched.script('true', '#!/bin/sh\n') };
    await using webhook = await startWebhook(benched.toru.home, scripts);
    await using runner = new Helper('clients/runner.ts');
    const memory = async (): Promise<Record<'toru' | 'webhook', number>> => {
      await sleep(SETTLE_MS);
      const toru = leftovers(benched.toru.home).filter((pid) => pid !== webhook.pid);
      return { toru: memoryTogether(toru) / MB, webhook: memoryTogether([webhook.pid]) / MB };
    };
    const before = await memory();
    const first = await interleave(ROUNDS, {
      toru: async () => {
        const socket = await benched.admin.openSocket();
        const found = await timed(() => pressOnce(socket));
        socket.close();
        return found;
      },
      webhook: () => timed(() => answerOf(webhook.url('echo.sh'))),
    });
    const common = { count: COUNT, atOnce: AT_ONCE, folder: benched.toru.home };
    const rate = await interleave(ROUNDS, {
      toru: () => runner.ask({ ...common, ...benched.socket, way: 'socket', program: 'true' }),
      webhook: () => runner.ask({ ...common, url: webhook.url('true'), way: 'hook', program: 'true' }),
    });
    const after = await memory();
    const figures = (['toru', 'webhook'] as const).flatMap((name): Figure[] => [
      { what: `${name}: press → first byte, p50 of ${PRESSES}`, unit: 'ms', value: spreadOf(first[name]) },
      { what: `${name}: runs, ${AT_ONCE} at once`, unit: 'runs/s', value: spreadOf(rate[name]) },
      { what: `${name}: memory before any run`, unit: 'MB', value: exact(before[name]) },
      { what: `${name}: memory after ${ROUNDS * (COUNT + PRESSES)} runs`, unit: 'MB', value: exact(after[name]) },
    ]);
    return {
      figures,
      notes: ['A hook answers with what its script printed, when it has ended. Toru from the browser’s socket, through everything.'],
    };
  },
};

async function timed(one: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < PRESSES; i += 1) times.push(await one());
  return median(times);
}

/** @returns the milliseconds until the first byte of the answer's body. */
async function answerOf(url: string): Promise<number> {
  const start = performance.now();
  const answer = await fetch(url);
  if (!answer.ok || (await answer.text()) !== 'pressed\n') throw new Error(`webhook answered ${answer.status}`);
  return performance.now() - start;
}
