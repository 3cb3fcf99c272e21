import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { root } from '../../tools/root.ts';
import { logIn } from '../browser/log-in.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { COUNTS_PATH, countingWorker } from './counting-worker.ts';
import { Stage } from './stage.ts';

/**
 * What docs/cost.md says, counted: a real workerd, agent and page, for some seconds of each thing that people do, times how often they do it.
 * Where a figure of the table there is exceeded, or the page says another price list than this file, it fails.
 */

const counts = z.strictObject({
  /** Requests to the Worker. */
  worker: z.number(),
  /** To objects: fetch and RPC. */
  requests: z.number(),
  alarms: z.number(),
  /** WebSocket messages that arrive at an object. */
  messages: z.number(),
  rows_read: z.number(),
  rows_written: z.number(),
  /** In which an object did anything, all objects. */
  seconds: z.number(),
});
type Counts = z.infer<typeof counts>;
const KEYS = counts.keyof().options;

/** What the free plan has a day, and how docs/cost.md says it. */
const FREE = { worker_requests: 100_000, object_requests: 100_000, gb_s: 13_000, rows_read: 5_000_000, rows_written: 100_000 } as const;
type Bill = Record<keyof typeof FREE, number>;
/** An object has 128 MB, whatever it uses. */
const GB = 0.128;
/** Messages that arrive are billed 20 to 1. */
const MESSAGES_A_REQUEST = 20;

const times = (by: number, what: Counts): Counts => counts.parse(Object.fromEntries(KEYS.map((key) => [key, what[key] * by])));
const sum = (...all: Counts[]): Counts =>
  counts.parse(Object.fromEntries(KEYS.map((key) => [key, all.reduce((total, one) => total + one[key], 0)])));
const less = (later: Counts, before: Counts): Counts =>
  counts.parse(Object.fromEntries(KEYS.map((key) => [key, Math.max(0, later[key] - before[key])])));

function billOf({ worker, requests, alarms, messages, rows_read, rows_written, seconds }: Counts): Bill {
  return {
    worker_requests: Math.ceil(worker),
    object_requests: Math.ceil(requests + alarms + messages / MESSAGES_A_REQUEST),
    gb_s: Math.ceil(seconds * GB),
    rows_read: Math.ceil(rows_read),
    rows_written: Math.ceil(rows_written),
  };
}

/** The tables of docs/cost.md: a row of figures by what its first cell says. */
function figuresOf(row: string): number[] {
  const line = readFileSync(join(root, 'docs/cost.md'), 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`| ${row} |`));
  if (line === undefined) throw new Error(`docs/cost.md has no row “${row}”`);
  return line
    .split('|')
    .slice(2, -1)
    .map((cell) => Number(cell.trim().replaceAll(',', '')));
}

test('docs/cost.md has the price list that is counted with', () => {
  expect(figuresOf('free, a day')).toEqual(Object.values(FREE));
});

describeInBrowser('what a day costs', () => {
  let stage: Stage;
  let client: Client;
  beforeAll(async () => {
    stage = await Stage.open({ worker: countingWorker });
    const script = join(stage.home, 'scripts/lines.sh');
    writeFileSync(script, '#!/bin/sh\ni=0; while [ $i -lt $1 ]; do echo "line $i of what a script prints"; i=$((i+1)); sleep 0.1; done\n');
    chmodSync(script, 0o755);
    client = await stage.client();
  });
  afterAll(() => stage?.close());

  const read = async (query = ''): Promise<Counts> => counts.parse(await (await fetch(`${stage.url}${COUNTS_PATH}${query}`)).json());
  /** What `act` costs, with what it leaves behind for so many seconds. */
  async function cost(act: () => Promise<unknown>, settleS = 0): Promise<Counts> {
    const before = await read();
    await act();
    await sleep(settleS * 1000);
    return less(await read(), before);
  }
  /** Counted for so many seconds, as per minute. */
  const perMinute = async (seconds: number, act: (ms: number) => Promise<unknown> = sleep): Promise<Counts> =>
    times(60 / seconds, await cost(() => act(seconds * 1000)));
  /** Asks nobody but the counter whether it is linked. */
  async function linkAgain(): Promise<void> {
    await stage.stopAgent();
    await sleep(1_000);
    const before = await read();
    await stage.startAgent();
    await eventually('the agent spoke to the edge', async () => (await read()).messages > before.messages);
  }

  test('a household stays ten times under the free plan, and the page says what was counted', async () => {
    // 11 s later the socket that had not proved itself is looked for.
    const link = await cost(linkAgain, 12);

    // At rest there is one alarm every ten minutes. Here it is every 14 s: the runtime takes an object out of memory after 10, so that each wakes it.
    await read('?presence=14000');
    await linkAgain();
    await sleep(13_000);
    const resting = await cost(() => sleep(42_000));
    expect(resting.alarms).toBeGreaterThan(1);
    // The heartbeat wakes nobody.
    expect([resting.worker, resting.messages, resting.requests]).toEqual([0, 0, 0]);
    const rest = times(1 / resting.alarms, resting);
    await read('?presence=600000');
    await sleep(15_000);
    const idleDay = sum(times(144, rest), times(10, link));

    await using browser = await launchBrowser();
    let page = await logIn(browser, stage.url, 'admin', 'the password of the stage');
    await page.close();
    // A first visit with an empty cache, and what comes behind it.
    const open = await cost(async () => {
      page = await browser.context.newPage();
      await page.goto(stage.url);
      await page.getByRole('heading', { name: 'Actions', level: 1 }).waitFor();
    }, 15);
    const looking = await perMinute(45);

    const socket = await client.openSocket();
    // Without anybody who looks at the run: the home page shows that it runs, and how it ended.
    const press = await cost(async () => {
      const run = await client.http('POST', '/api/runs', { script: 'lines.sh', args: ['20'] });
      expect(run.status, run.text).toBe(202);
    }, 6);
    const busy = await perMinute(20, async (ms) => {
      await socket.run({ script: 'lines.sh', args: ['200'] });
      await sleep(ms);
    });

    // 50 people, who follow the same run: a session has 20 sockets at most.
    const others = await Promise.all([stage.client(), stage.client(), stage.client()]);
    const task = await socket.run({ script: 'lines.sh', args: ['400'] });
    const join50 = await cost(async () => {
      for (let n = 0; n < 50; n += 1) {
        const viewer = await others[n % 3]?.openSocket();
        viewer?.send({ type: 'attach', task_id: task, from: 'tail' });
      }
    });
    const watched = await perMinute(15);

    /** 30 visits, 150 minutes of pages open, 40 presses, and one run of an hour that prints ten lines a second, looked at all the time. */
    const household = sum(idleDay, times(30, open), times(150, looking), times(40, press), times(60, busy));
    /** 50 people for an hour at one run. */
    const fifty = sum(join50, times(60, watched));
    const busyHour = times(60, busy);
    const bills = {
      'idle host, a day': billOf(idleDay),
      'busy run, an hour': billOf(busyHour),
      '50 viewers, an hour': billOf(fifty),
      'household, a day': billOf(household),
    };
    const parts = {
      link,
      'rest, 10 min': rest,
      visit: open,
      'looking, 1 min': looking,
      press,
      'busy run, 1 min': busy,
      'fifty join': join50,
      '50 viewers, 1 min': watched,
    };
    console.info(JSON.stringify({ parts, bills }, null, 1));

    for (const key of Object.keys(FREE).filter((name): name is keyof typeof FREE => name in FREE))
      expect(bills['household, a day'][key] * 10, key).toBeLessThanOrEqual(FREE[key]);
    // A machine that is slower needs more seconds for the same, and what a timer sends is packed otherwise: the page says upper bounds.
    for (const [row, bill] of Object.entries(bills))
      for (const [at, figure] of figuresOf(row).entries())
        expect(Object.values(bill)[at], `${row}, column ${at + 1}`).toBeLessThanOrEqual(figure);
  }, 400_000);
});
