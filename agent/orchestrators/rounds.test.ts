import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrchestratorFrame } from '../../shared/orchestrators.ts';
import { orchestratorCreate } from '../../shared/orchestrators.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import { Attention } from '../terminals/attention.ts';
import { TerminalStore } from '../terminals/terminal-store.ts';
import { ownerOfProcess } from '../users/caller.ts';
import type { Mode, Violation } from './fake-agent-harness.ts';
import { FakeAgent, fakeSources, RULE_TEXT, randomOf, VirtualClock } from './fake-agent-harness.ts';
import type { Guards } from './guard.ts';
import { digestOf, GUARDS } from './guard.ts';
import { Orchestrators } from './orchestrators.ts';

/** At full size a thousand; beside all other tests as many as show each guard’s purpose. */
const ROUNDS = process.env['TORU_FAULTS'] === 'full' ? 1000 : 150;
const STALL_S = 300;
const OWNER = ownerOfProcess();

let home: string;
let db: Database;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-rounds-'));
  db = openDatabase(join(home, 'toru.db'));
  new TerminalStore(db);
});
afterAll(() => {
  db.close();
  rmSync(home, { recursive: true, force: true });
});

interface Told {
  violations: Violation[];
  /** Stalls that were there long enough to be found, and of those the ones that were not. */
  stalls: number;
  missed: string[];
  /** Stalls that were told of a program that worked. */
  wrong: string[];
  nudges: number;
  refused: number;
}

/** A life of half an hour: the program, a person at its keyboard, another at the page, and an orchestrator. */
async function round(seed: number, guards: Guards): Promise<Told> {
  const random = randomOf(seed);
  const clock = new VirtualClock();
  const id = insertTerminal(db);
  const attention = new Attention({ db, changed: () => undefined, told: () => undefined, now: () => clock.now() });
  const fake = new FakeAgent(id, clock, attention, random);
  const told: Told = { violations: fake.violations, stalls: 0, missed: [], wrong: [], nudges: 0, refused: 0 };
  const orchestrators = new Orchestrators({
    db,
    folders: { get: () => expect.unreachable(), onRemoved: () => undefined },
    sources: fakeSources(id, fake, attention),
    audit: { record: () => undefined },
    log: { warn: (detail) => told.missed.push(JSON.stringify(detail)) },
    clock,
    guards,
  });
  /** When the stall that is now was told of; null: not yet. */
  let found: number | null = null;
  orchestrators.onChange((frame: OrchestratorFrame) => {
    if (frame.type !== 'orchestrators.insight' || frame.insight.kind !== 'stalled' || frame.insight.state !== 'open') return;
    found = clock.now();
    if (fake.mode === 'working' || fake.mode === 'silent' || fake.mode === 'network')
      told.wrong.push(`${seed}: ${fake.mode} ${fake.style}`);
  });
  const rule = { enabled: random() < 0.6, text: RULE_TEXT };
  const { id: orchestrator } = orchestrators.create(OWNER, orchestratorCreate.parse({ stall_s: STALL_S, rule, max_per_hour: 60 }));
  orchestrators.start();

  // Now and then it begins to ask while somebody looks, or between a text and its Enter.
  fake.meanwhile = () => {
    if (fake.mode === 'idle' && random() < 0.02) fake.become(fake.style === 'none' ? 'permission' : 'asking');
  };
  const page = async (): Promise<void> => {
    const seen = fake.scene();
    // Who reads a question does not type beside it, but may overlook one.
    if (fake.mode === 'permission' && !fake.known) return;
    await clock.advance(random() * 8000);
    if ((fake.mode === 'idle' || fake.mode === 'hung') && random() < 0.3) fake.become(fake.style === 'none' ? 'permission' : 'asking');
    try {
      const digest = digestOf(seen.lines);
      const pasted = orchestrators.inject(OWNER, orchestrator, { terminal: id, digest, text: 'go on' });
      pasted.catch(() => undefined);
      await clock.advance(600);
      const enter = orchestrators.inject(OWNER, orchestrator, { terminal: id, digest: (await pasted).digest, enter: true });
      enter.catch(() => undefined);
      await clock.advance(600);
      await enter;
    } catch {
      told.refused += 1;
    }
  };

  let restedFrom = 0;
  for (const end = clock.now() + 1_800_000; clock.now() < end; ) {
    const { mode } = fake;
    await clock.advance(1000 + random() * 45_000);
    if (mode === fake.mode) step(fake, random);
    if (random() < 0.15) await page();
    if (fake.mode !== 'idle' && fake.mode !== 'hung') {
      found = null;
      continue;
    }
    if (restedFrom !== fake.restsSince) {
      restedFrom = fake.restsSince;
      found = null;
    }
    // Left alone, it is found in time.
    if (random() < 0.25) {
      await clock.advance((STALL_S + 30) * 1000);
      if (fake.restsSince === restedFrom) {
        told.stalls += 1;
        if (found === null) told.missed.push(`${seed}: ${fake.mode} ${fake.style} since ${(clock.now() - restedFrom) / 1000} s`);
      }
    }
  }
  told.nudges = fake.entered;
  orchestrators.close();
  orchestrators.remove(OWNER, orchestrator);
  return told;
}

/** What the program, and the person at its keyboard, do next. */
function step(fake: FakeAgent, random: () => number): void {
  const roll = random();
  const next = (...modes: readonly Mode[]): void => fake.become(modes[Math.floor(random() * modes.length)] ?? 'working');
  switch (fake.mode) {
    case 'working':
      if (roll < 0.3) fake.print('more');
      else next('working', 'silent', 'network', fake.style === 'none' ? 'permission' : 'asking', 'idle', 'done', 'hung', 'foreign');
      return;
    case 'silent':
    case 'network':
      if (roll < 0.4) next('working', 'idle');
      return;
    case 'asking':
      if (roll < 0.5) fake.become('permission');
      return;
    case 'permission':
      // Somebody thinks about it, types an arrow, or answers.
      if (roll < 0.08) fake.personTypes();
      if (roll < 0.05) fake.become('working');
      return;
    case 'idle':
    case 'done':
    case 'hung':
    case 'foreign':
      if (roll < 0.15) {
        fake.personTypes();
        if (random() < 0.7) fake.become('working');
      }
  }
}

/** @param until the first violation of this kind is enough. */
async function rounds(count: number, guards: Guards, until: Violation['what'] | null = null): Promise<Told> {
  const all: Told = { violations: [], stalls: 0, missed: [], wrong: [], nudges: 0, refused: 0 };
  for (let seed = 1; seed <= count; seed += 1) {
    const told = await round(seed, guards);
    all.violations.push(...told.violations);
    all.missed.push(...told.missed);
    all.wrong.push(...told.wrong);
    all.stalls += told.stalls;
    all.nudges += told.nudges;
    all.refused += told.refused;
    if (told.violations.some(({ what }) => what === until)) break;
  }
  return all;
}

test(`${ROUNDS} random rounds: no key into a question, nothing typed beside who works, each stall found in time`, async () => {
  const { violations, missed, wrong, stalls, nudges, refused } = await rounds(ROUNDS, GUARDS);
  expect(violations).toEqual([]);
  expect(missed).toEqual([]);
  expect(wrong).toEqual([]);
  console.log(`${stalls} stalls found, ${nudges} times Enter, ${refused} refused`);
  // It is no virtue to do nothing.
  expect(stalls).toBeGreaterThan(ROUNDS / 4);
  expect(nudges).toBeGreaterThan(ROUNDS / 4);
}, 600_000);

describe('without', () => {
  test.each([
    ['permission', 'permission'],
    ['question', 'permission'],
    ['changed', 'permission'],
    ['person', 'person'],
    ['alternate', 'foreign'],
    ['working', 'working'],
    ['word', 'permission'],
  ] as const)(
    'the guard “%s” something is typed that must not be',
    async (name, what) => {
      const { [name]: _removed, ...others } = GUARDS;
      const { violations } = await rounds(ROUNDS, others, what);
      expect(violations.map((each) => each.what)).toContain(what);
    },
    600_000,
  );
});

/** A row for a terminal whose program is only thought of. */
function insertTerminal(to: Database): string {
  const id = randomUUID();
  to.prepare(
    `INSERT INTO terminals (id, name, kind, cwd, shell, env, state, cols, rows, user_id, username, created_at)
     VALUES (?, 'fake', 'agent', '/', '/bin/sh', '{}', 'running', 80, 24, 'u', 'u', 0)`,
  ).run(id);
  return id;
}
