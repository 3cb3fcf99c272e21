import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { host } from '../../shared/hosts.ts';
import { run } from '../../shared/runs.ts';
import type { Stage } from '../faults/stage.ts';
import { onStage } from '../faults/stage.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';

/** A run that waits at the real edge for the real host. */

let stage: Stage;
let client: Client;

onStage((...opened) => {
  [stage, client] = opened;
});

const runs = async () => z.object({ items: z.array(run) }).parse((await client.http('GET', '/api/runs')).json()).items;
const pending = async () =>
  z.object({ items: z.array(host) }).parse((await client.http('GET', '/api/hosts')).json()).items[0]?.pending_runs ?? [];

test('it starts once when the host is back, also when the edge restarted in between and it is asked for twice', async () => {
  await stage.stopAgent();
  const request = { script: 'args.sh', args: ['queued'], request_id: randomUUID(), when_away: 'queue', expires_s: 600 };
  for (let n = 0; n < 2; n += 1) expect((await client.http('POST', '/api/runs', request)).status).toBe(202);
  await stage.killEdge();
  await eventually('the edge still knows the run', async () => (await pending().catch(() => [])).length === 1);
  await stage.startAgent();
  await eventually(
    'the run was started',
    async () => (await pending()).every(({ state }) => state === 'started') && (await runs()).some(({ state }) => state === 'exited'),
  );
  expect(await runs()).toMatchObject([{ script: 'args.sh', args: ['queued'], state: 'exited', exit_code: 0 }]);
  expect(await pending()).toMatchObject([{ request_id: request.request_id, task_id: (await runs())[0]?.task_id }]);
  // The answer to whoever asks once more is the same run.
  const again = await client.http('POST', '/api/runs', request);
  expect([again.status, again.json()]).toMatchObject([202, { task_id: (await runs())[0]?.task_id }]);
  expect(await runs()).toHaveLength(1);
});
