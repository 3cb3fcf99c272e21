import { afterAll, beforeAll, expect, test } from 'vitest';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import { mustWait } from './flow.ts';
import type { TerminalViewer } from './live-terminal.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await makeApi();
});
afterAll(() => api.close());

const WINDOW = 64 * 1024;
/** What is on its way when a program is told to wait: the pty's own room, and what its host reads in one go. */
const UNDER_WAY = 1024 * 1024;
/** The same on a machine that is busy: a flood prints so much while the word of its viewer is passed on. */
const AT_MOST = 16 * UNDER_WAY;

const at = (acked: number, ackedAt: number) => ({ window: () => WINDOW, acked, ackedAt });

test('a program waits while all who look are behind by their window, and for none that is stalled', () => {
  const now = 100_000;
  expect(mustWait([], 1e9, now)).toBe(false);
  expect(mustWait([at(0, now)], WINDOW, now)).toBe(false);
  expect(mustWait([at(0, now)], WINDOW + 1, now)).toBe(true);
  expect(mustWait([at(0, now), at(2 * WINDOW, now)], 2 * WINDOW, now)).toBe(false);
  expect(mustWait([at(0, now - 9999), at(0, now - 20_000)], 1e9, now)).toBe(true);
  expect(mustWait([at(0, now - 10_000), at(0, now - 20_000)], 1e9, now)).toBe(false);
});

const viewer = (): TerminalViewer => ({
  user_id: api.admin.user_id,
  ...at(0, performance.now()),
  types: true,
  ready: true,
  typedAt: 0,
  resized: () => undefined,
  answers: () => undefined,
  leave: () => undefined,
});

async function flood(): Promise<string> {
  const made = await api.ask(api.admin, 'POST', '/api/terminals', { command: ['yes', 'a line of a flood that nobody can read'] });
  return terminalShape.parse(made.json).id;
}

test('a flood waits for the only viewer, goes on as it reads, and runs on when it is stalled or gone', async () => {
  const { terminals } = api.services;
  const id = await flood();
  const slow = viewer();
  const log = terminals.log(id);
  slow.acked = log.end;
  const began = log.end;
  const { acked, leave } = terminals.view(api.admin, id, slow);
  const still = async (): Promise<number> => {
    for (let last = -1; ; last = log.end) {
      // It reads on: not stalled, and not any further.
      slow.ackedAt = performance.now();
      if (last === log.end && last > began + WINDOW) return last;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  };
  const stopped = await still();
  expect(stopped - began).toBeLessThan(WINDOW + AT_MOST);
  slow.acked = stopped;
  slow.ackedAt = performance.now();
  acked();
  await expect.poll(() => log.end).toBeGreaterThan(stopped + WINDOW);
  // From here it acknowledges nothing: after ten seconds nobody waits for it.
  const second = await still();
  await expect.poll(() => log.end, { timeout: 60_000 }).toBeGreaterThan(second + 4 * UNDER_WAY);
  leave();
  const last = log.end;
  await expect.poll(() => log.end).toBeGreaterThan(last + UNDER_WAY);
  await api.ask(api.admin, 'DELETE', `/api/terminals/${id}`);
});

test('of two viewers the slow one holds up nobody', async () => {
  const { terminals } = api.services;
  const id = await flood();
  const log = terminals.log(id);
  const quick = viewer();
  const views = [terminals.view(api.admin, id, viewer()), terminals.view(api.admin, id, quick)];
  const reads = setInterval(() => {
    quick.acked = log.end;
    quick.ackedAt = performance.now();
    views[1]?.acked();
  }, 5);
  await expect.poll(() => log.end).toBeGreaterThan(8 * UNDER_WAY);
  clearInterval(reads);
  for (const { leave } of views) leave();
  await api.ask(api.admin, 'DELETE', `/api/terminals/${id}`);
});
