import { afterAll, beforeAll, expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { expectWhole, finish, startTalk } from './runs.ts';
import { Stage } from './stage.ts';
import { Viewer } from './viewer.ts';

/**
 * A link that stands and says nothing: both sides know within 40 s, whichever direction died, and the agent dials again.
 * In real time also in short: it is waiting, not work, and all of it at once.
 */

/**
 * What is promised, and what a busy machine may need to tell us of it: less than to the next heartbeat, which would be too late.
 * In short, beside other tests, more.
 */
const PROMISED_MS = 40_000;
const SLACK_MS = scaled(4500, 13_000);
const TEST_MS = 120_000;

const cases = {
  up: { break: (stage: Stage) => stage.linkNetwork.stall('up') },
  down: { break: (stage: Stage) => stage.linkNetwork.stall('down') },
  both: {
    break: (stage: Stage) => {
      stage.linkNetwork.stall('up');
      stage.linkNetwork.stall('down');
    },
  },
  stopped: { break: (stage: Stage) => process.kill(stage.agentPid, 'SIGSTOP') },
} as const;
const names = ['up', 'down', 'both', 'stopped'] as const;

const stages = new Map<string, { stage: Stage; client: Client }>();

beforeAll(async () => {
  for (const name of names) {
    const stage = await Stage.open();
    stages.set(name, { stage, client: await stage.client() });
  }
}, TEST_MS);
afterAll(async () => {
  for (const { stage } of stages.values()) await stage.close();
}, TEST_MS);

function stageOf(name: string): { stage: Stage; client: Client } {
  const found = stages.get(name);
  if (found === undefined) throw new Error(`no stage ${name}`);
  return found;
}

for (const name of ['up', 'both', 'stopped'] as const) {
  test.concurrent(
    `the edge notices within 40 s that the agent is silent (${name}), says so to the browser, and goes on when it is back`,
    async () => {
      const { stage, client } = stageOf(name);
      const viewer = new Viewer(client);
      const talk = await startTalk(stage, client, `half-open-${name}`, { pause: 0.2 });
      const watched = viewer.watch(talk.taskId);
      await eventually('output arrives', () => watched.cursor, { holds: (seen) => seen > 0 });
      const dials = stage.linkNetwork.accepted;
      cases[name].break(stage);
      const since = performance.now();
      await eventually('the browser is told', () => viewer.online, {
        holds: (seen) => seen === false,
        limitMs: PROMISED_MS + SLACK_MS + 20_000,
      });
      expect(performance.now() - since).toBeLessThan(PROMISED_MS + SLACK_MS);
      expect(await stage.online(), 'the health says it, too').toBe(false);
      if (name === 'stopped') process.kill(stage.agentPid, 'SIGCONT');
      else {
        await eventually('the agent dials again', () => stage.linkNetwork.accepted, {
          holds: (seen) => seen > dials,
          limitMs: PROMISED_MS,
        });
        expect(performance.now() - since, 'the agent noticed too').toBeLessThan(PROMISED_MS + SLACK_MS);
        stage.linkNetwork.heal();
      }
      await eventually('the host is back', () => viewer.ready, 60_000);
      finish(talk);
      await viewer.allEnded(60_000);
      await expectWhole(client, watched, talk);
      viewer.close();
    },
    TEST_MS,
  );
}

test.concurrent(
  'the agent notices within 40 s that the edge is silent, and dials again',
  async () => {
    const { stage, client } = stageOf('down');
    const talk = await startTalk(stage, client, 'half-open-down', { pause: 0.2 });
    const dials = stage.linkNetwork.accepted;
    stage.linkNetwork.stall('down');
    const since = performance.now();
    await eventually('the agent dials again', () => stage.linkNetwork.accepted, {
      holds: (seen) => seen > dials,
      limitMs: PROMISED_MS + SLACK_MS + 20_000,
    });
    expect(performance.now() - since).toBeLessThan(PROMISED_MS + SLACK_MS);
    stage.linkNetwork.heal();
    await stage.linked();
    const viewer = new Viewer(client);
    const watched = viewer.watch(talk.taskId);
    await eventually('the host is back', () => watched.cursor, { holds: (seen) => seen > 0, limitMs: 60_000 });
    finish(talk);
    await viewer.allEnded(60_000);
    await expectWhole(client, watched, talk);
    viewer.close();
  },
  TEST_MS,
);
