import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../shared/workflows.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** What a task's jobs leave for the next one. */

let h: WorkflowsHarness;
beforeAll(async () => {
  h = await makeWorkflows();
  h.write(
    'count.yaml',
    `actions:
  count:
    type: script
    env: { LAST: "{{ state.last | default(value='none') }}", FAIL: "{{ input.fail }}" }
    input: { fail: { type: boolean } }
    script: |
      set -eu
      before=$(cat "$STATE_DIR/runs" 2>/dev/null || echo 0)
      echo $((before + 1)) >"$STATE_OUT/runs"
      [ -e "$STATE_OUT/first" ] || date >"$STATE_OUT/first"
      printf 'STATE: {"last": "%s"}\\n' "$((before + 1))"
      printf 'OUTPUT: {"before": %s, "last": "%s"}\\n' "$before" "$LAST"
      [ "$FAIL" != true ]
tasks:
  count:
    input: { fail: { type: boolean, default: false } }
    flow:
      count: { action: count, input: { fail: "{{ input.fail }}" } }
  plain:
    flow:
      say: { type: script, script: "true" }
`,
  );
  await h.load();
});
afterAll(() => h.close());

async function ran(task: string, input: Record<string, unknown> = {}): Promise<Job> {
  return h.ended(await h.execute(task, input));
}
const kept = (task: string): string[] => readdirSync(join(h.home, 'task-states/ws', task)).filter((name) => name !== 'none');

test('a job finds the values and the files of the completed one before it', async () => {
  expect((await ran('count')).steps[0]).toMatchObject({ output: { before: 0, last: 'none' } });
  expect((await ran('count')).steps[0]).toMatchObject({ output: { before: 1, last: '1' } });
});

test('one that failed leaves nothing', async () => {
  expect((await ran('count', { fail: true })).state).toBe('failed');
  expect((await ran('count')).steps[0]).toMatchObject({ output: { before: 2, last: '2' } });
});

test('ten are kept; a task that leaves nothing has none', async () => {
  for (let n = 0; n < 10; n += 1) await ran('count');
  expect(kept('count')).toHaveLength(10);
  expect((await ran('count')).steps[0]).toMatchObject({ output: { before: 13, last: '13' } });
  await ran('plain');
  expect(kept('plain')).toEqual([]);
});
