import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { FULL, QUICK, scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { Stage } from './stage.ts';
import type { Watched } from './viewer.ts';
import { Viewer } from './viewer.ts';

/** A host or a browser on a slow line: a flood that is watched does not stand in the way of anything else, and of no other viewer. */

let stage: Stage;
let client: Client;

beforeAll(async () => {
  stage = await Stage.open();
  client = await stage.client();
});
afterEach(() => {
  stage.linkNetwork.heal();
  stage.browserNetwork.heal();
});
afterAll(() => stage.close());

interface Line {
  kbit: number;
  delayMs: number;
  lost: number;
}

function shape({ kbit, delayMs, lost }: Line, network = stage.linkNetwork): void {
  for (const direction of ['up', 'down'] as const) {
    network.throttle(direction, (kbit * 1000) / 8);
    network.delay(direction, delayMs);
    network.lose(direction, lost);
  }
}

async function start(script: string, args: string[] = []): Promise<string> {
  const answer = await client.http('POST', '/api/runs', { script, args });
  expect(answer.status, answer.text).toBe(202);
  return String(answer.json().task_id);
}

/** Ends a flood on a good line, and compares what each viewer got with what the host kept. */
async function expectAll(seen: readonly { viewer: Viewer; watched: Watched }[]): Promise<void> {
  stage.linkNetwork.heal();
  stage.browserNetwork.heal();
  for (const taskId of new Set(seen.map(({ watched }) => watched.taskId))) {
    await client.http('POST', `/api/runs/${taskId}/cancel`);
    const kept = createHash('sha256');
    const mine = seen.filter(({ watched }) => watched.taskId === taskId);
    for (const { viewer } of mine) await viewer.allEnded(120_000);
    for (let from = 0; ; ) {
      const { bytes } = await client.http('GET', `/api/runs/${taskId}/output?from=${from}`);
      if (bytes.length === 0) break;
      kept.update(bytes);
      from += bytes.length;
    }
    const digest = kept.digest('hex');
    for (const { viewer, watched } of mine) {
      expect({ lost: watched.lost, repeated: watched.repeated, gaps: watched.gaps }).toEqual({ lost: 0, repeated: 0, gaps: 0 });
      expect(createHash('sha256').update(watched.text.stdout).digest('hex')).toBe(digest);
      viewer.close();
    }
  }
}

/** @returns how long until the viewer was told, in ms. */
async function cancelled(viewer: Viewer, watched: Watched): Promise<number> {
  const asked = performance.now();
  viewer.send({ type: 'cancel', task_id: watched.taskId });
  await eventually('the cancel is answered', () => watched.ended, { holds: (seen) => seen !== null });
  return Math.round(performance.now() - asked);
}

const LONG: [string, Line] = ['256 kbit/s, 300 ms each way', { kbit: 256, delayMs: 300, lost: 0 }];
/**
 * In short the slowest, the longest and the one that loses: what the others could show is between them. In the quick part the longest,
 * on which a queue that is too long is seen first; shared/send-window.test.ts has all of them simulated.
 */
const LINES: [string, Line][] = [
  LONG,
  ...(QUICK
    ? []
    : ([
        ['128 kbit/s', { kbit: 128, delayMs: 10, lost: 0 }],
        ['2 Mbit/s, 5 % lost', { kbit: 2000, delayMs: 20, lost: 0.05 }],
      ] satisfies [string, Line][])),
  ...(FULL
    ? ([
        ['256 kbit/s', { kbit: 256, delayMs: 10, lost: 0 }],
        ['2 Mbit/s', { kbit: 2000, delayMs: 10, lost: 0 }],
      ] satisfies [string, Line][])
    : []),
];

test.each(LINES)('at %s a cancel is answered beside a flood, a download and another viewer’s first byte', async (name, line) => {
  const bytesPerMs = line.kbit / 8;
  const [flooded, other] = [new Viewer(client), new Viewer(client)];
  await eventually('both viewers are there', () => flooded.ready && other.ready);
  const atRest = other.watch(await start('quiet.sh', [`${stage.home}/never`]));
  await eventually('output arrives', () => atRest.cursor, { holds: (seen) => seen > 0 });
  const rest = await cancelled(other, atRest);
  const flood = flooded.watch(await start('pour.sh'));
  const quiet = other.watch(await start('quiet.sh', [`${stage.home}/never`]));
  await eventually('output arrives', () => quiet.cursor > 0 && flood.cursor > 100_000);
  shape(line);
  // What was on its way when the line became slow is still to come.
  const { cursor } = flood;
  await eventually('output arrives on the slow line', () => flood.cursor, {
    holds: (seen) => seen > cursor + 4 * line.kbit * 125,
    limitMs: 120_000,
  });
  // What the line carries in its delay and a moment; at least what keeps a slow one busy, and several streams.
  const bound = 3 * Math.max(12 * 1024, bytesPerMs * (2 * line.delayMs + 150 + (line.lost > 0 ? 500 : 0)));
  await eventually('the queue is short', () => stage.linkNetwork.held('up'), { holds: (seen) => seen < bound });
  const path = `/api/runs/${flood.taskId}/output?from=0`;
  const download = fetch(`${stage.url}${path}`, { headers: { cookie: client.cookieHeader() } }).then(async (response) => {
    await response.body?.cancel();
  });
  let most = 0;
  for (let n = 0; n < 40; n += 1) {
    most = Math.max(most, stage.linkNetwork.held('up'));
    await sleep(50);
  }
  // What is answered at once, so that only the line is measured; then a real one, with what it takes to end a script.
  const asked = performance.now();
  other.send({ type: 'cancel', task_id: crypto.randomUUID() });
  await eventually('a cancel of an unknown run is answered', () => other.errors.length, { holds: (seen) => seen > 0 });
  const answered = Math.round(performance.now() - asked);
  const ms = await cancelled(other, quiet);
  await download;
  const next = other.watch(flood.taskId);
  const attached = performance.now();
  await eventually('the second viewer has a byte', () => next.cursor, { holds: (seen) => seen > 0 });
  const first = Math.round(performance.now() - attached);
  process.stdout.write(
    `${name}: answer ${answered} ms, cancel ${ms} ms (at rest ${rest}), first byte ${first} ms, at most ${Math.round(most / 1024)} KiB on the line\n`,
  );
  expect(most).toBeLessThan(bound);
  // In short, beside other tests, the rest of the way may take its time: the queue on the line is judged above.
  expect(answered).toBeLessThan(scaled(4000, 20_000));
  await expectAll([
    { viewer: flooded, watched: flood },
    { viewer: other, watched: next },
  ]);
});

test('two viewers on each of four runs that attach again and again over 256 kbit/s all get on, each time', async () => {
  // Together ten times what the line carries: more would only be compared for longer at the end.
  const runs = await Promise.all(Array.from({ length: 4 }, () => start('pour.sh', ['0.025'])));
  const seen = runs.flatMap((taskId) =>
    Array.from({ length: 2 }, () => {
      const viewer = new Viewer(client);
      return { viewer, watched: viewer.watch(taskId) };
    }),
  );
  await eventually('all of them watch', () => seen.every(({ watched }) => watched.cursor > 50_000));
  shape({ kbit: 256, delayMs: 20, lost: 0 });
  for (let attach = 0; attach < scaled(20, 2); attach += 1) {
    stage.linkNetwork.cut();
    const before = seen.map(({ watched, viewer }) => ({ cursor: watched.cursor, hellos: viewer.hellos }));
    await eventually('the agent has come again', () => seen.every(({ viewer }, n) => viewer.hellos > (before[n]?.hellos ?? 0)), 60_000);
    const from = seen.map(({ watched }) => watched.cursor);
    await eventually('each viewer gets on', () => seen.map(({ watched }, n) => watched.cursor - (from[n] ?? 0)), {
      holds: (on) => on.every((bytes) => bytes > 16_384),
      limitMs: 60_000,
    });
  }
  // At full size longer than its deadline for silence.
  const { hellos } = seen[0]?.viewer ?? { hellos: 0 };
  await sleep(scaled(60_000, 5000));
  expect(seen[0]?.viewer.hellos).toBe(hellos);
  await expectAll(seen);
});

test.each([LONG, ...(QUICK ? [] : ([['256 kbit/s', { kbit: 256, delayMs: 10, lost: 0 }]] satisfies [string, Line][]))])(
  'a browser at %s that watches a flood has its answers, and the first byte of another run, in a moment',
  async (name, line) => {
    shape(line, stage.browserNetwork);
    const phone = new Viewer(client);
    await eventually('the browser is there', () => phone.ready);
    const flood = phone.watch(await start('pour.sh'));
    await eventually('output arrives', () => flood.cursor, { holds: (seen) => seen > 4 * line.kbit * 125, limitMs: 120_000 });
    const quiet = await start('quiet.sh', [`${stage.home}/never`]);
    let most = 0;
    for (let n = 0; n < 40; n += 1) {
      most = Math.max(most, stage.browserNetwork.held('down'));
      await sleep(50);
    }
    const asked = performance.now();
    phone.send({ type: 'cancel', task_id: crypto.randomUUID() });
    await eventually('a cancel of an unknown run is answered', () => phone.errors.length, { holds: (seen) => seen > 0 });
    const answered = Math.round(performance.now() - asked);
    const attached = performance.now();
    const other = phone.watch(quiet);
    await eventually('the other run has a byte', () => other.cursor, { holds: (seen) => seen > 0 });
    const first = Math.round(performance.now() - attached);
    const ms = await cancelled(phone, other);
    process.stdout.write(
      `browser at ${name}: answer ${answered} ms, first byte ${first} ms, cancel ${ms} ms, at most ${Math.round(most / 1024)} KiB on the line\n`,
    );
    // What the line carries in its delay and 300 ms, twice the least window, and what JSON adds; without a bound it is all that the proxy takes.
    expect(most).toBeLessThan(2 * Math.max(16 * 1024, (line.kbit / 8) * (2 * line.delayMs + 300)) + 8 * 1024);
    expect(answered).toBeLessThan(scaled(3000, 20_000));
    await expectAll([{ viewer: phone, watched: flood }]);
  },
);
