import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { until } from '../until.ts';
import { beginCrashing } from './crashing-process-harness.ts';
import { uuidV5 } from './uuid-v5.ts';

/** A real agent that is killed with -9 around the due times of schedules, while summer time begins or ends. */

const FULL = process.env['TORU_FAULTS'] === 'full';
/** Of the six scenes the quick part has those of one zone; due-times.test.ts has more, without a crash. */
const QUICK = process.env['TORU_TESTS'] === 'quick';
/** Of each scene, of which there are six. In short each is killed at the change itself, and one of them twice more. */
const killsOf = (timezone: string, what: string): number => (FULL ? 34 : timezone === 'Europe/Berlin' && what === 'ends' && !QUICK ? 3 : 1);
const MINUTE = 60_000;

/** A time of the day that a change leaps over or repeats, and the one moment at which it fires that day, which ends in whole ten minutes. */
const SCENES = [
  ['Europe/Berlin', 'begins', '30 2 * * *', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', 'ends', '30 2 * * *', '2026-10-25T00:30:00Z'],
  ['America/New_York', 'begins', '30 2 * * *', '2026-03-08T07:00:00Z'],
  ['America/New_York', 'ends', '30 1 * * *', '2026-11-01T05:30:00Z'],
  // By half an hour.
  ['Australia/Lord_Howe', 'begins', '15 2 * * *', '2026-10-03T15:30:00Z'],
  ['Australia/Lord_Howe', 'ends', '40 1 * * *', '2026-04-04T14:40:00Z'],
] as const;

const settled = z.object({
  host: z.string(),
  jobs: z.array(z.object({ job_id: z.string(), state: z.string(), trigger: z.string() })),
});

it.each(QUICK ? SCENES.slice(0, 2) : SCENES)(
  '%s, where summer time %s: %s fires once, at %s, and the others each time',
  async (timezone, what, cron, once) => {
    const home = mkdtempSync(join(tmpdir(), 'toru-clock-'));
    const folder = join(home, 'flows');
    const marks = join(home, 'marks');
    mkdirSync(join(folder, '.workflows'), { recursive: true });
    const task = `  mark: { flow: { one: { type: script, script: 'echo "$TORU_JOB_ID" >> "${marks}"' } } }`;
    const trigger = (name: string, spec: string): string =>
      `  ${name}: { type: scheduler, task: mark, catch_up: all, timezone: ${timezone}, cron: "${spec}" }`;
    writeFileSync(
      join(folder, '.workflows', 'main.yaml'),
      `tasks:\n${task}\ntriggers:\n${trigger('daily', cron)}\n${trigger('often', '*/10 * * * *')}\n`,
    );
    const change = Date.parse(once);
    const from = change - 95 * MINUTE;
    const to = change + 95 * MINUTE;
    const often = Array.from({ length: 19 }, (_, at) => change - 90 * MINUTE + at * 10 * MINUTE);
    const begin = (at: number, held: boolean) =>
      beginCrashing('crashing-clock.ts', [home, folder, String(Math.round(at)), held ? 'held' : 'runs']);

    // It is there before the first.
    const first = begin(from, false);
    await until(() => first.said().includes('ready'), first.said);
    await first.kill();
    // The time at which it is the turn of the daily one is always among them.
    const count = killsOf(timezone, what);
    const kills = Array.from({ length: count }, (_, at) => often[at === 0 ? 9 : Math.floor((at * often.length) / count)] ?? change);
    const lives: string[] = [];
    for (const due of kills.toSorted((a, b) => a - b)) {
      // On time: up shortly before it. Late: what came due while it was away is fired while it comes up.
      const late = Math.random() < 0.3;
      const agent = begin(late ? due + 1000 : due - Math.random() * 200, true);
      const wait = late ? Math.random() * 40 : Math.random() * 400;
      lives.push(`${new Date(due).toISOString()} ${late ? 'late' : 'on time'} ${Math.round(wait)}`);
      await until(() => agent.said().includes('ready'), agent.said);
      await new Promise((next) => setTimeout(next, wait));
      await agent.kill();
    }
    const last = begin(to, false);
    await until(() => last.said().includes('settled '), last.said);
    const [, text = ''] = /^settled (.*)$/m.exec(last.said()) ?? [];
    await last.kill();

    const { host, jobs } = settled.parse(JSON.parse(text));
    const idOf = (name: string, due: number): string => uuidV5(host, `trigger/ws/${name}/${due}`);
    const expected = [idOf('daily', change), ...often.map((due) => idOf('often', due))].sort();
    const context = lives.join('\n');
    expect(jobs.map(({ job_id }) => job_id).sort(), context).toEqual(expected);
    expect(
      jobs.filter(({ state }) => state !== 'completed'),
      context,
    ).toEqual([]);
    // What they did was done once.
    expect(readFileSync(marks, 'utf8').trim().split('\n').sort(), context).toEqual(expected);
    rmSync(home, { recursive: true, force: true });
  },
  3_600_000,
);
