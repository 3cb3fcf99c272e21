import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';

/** A script in a terminal that can't be seen to read: it waits in `select`, as ssh and `read -t` do, or is another user's, as sudo. */

const CHECK_MS = 100;

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { checkMs: CHECK_MS } });
});
afterEach(() => h.close());

const ada = () => h.caller('ada');
async function start(text: string): Promise<string> {
  h.script('it.sh', text);
  h.action({ id: 'it', script: 'it.sh', tty: true });
  return (await h.runs.start(ada(), { action: 'it', source: 'page' })).task_id;
}
const shown = (task: string) => h.runs.get(ada(), task);
const patient = { interval: 20, timeout: 60_000 };
async function over(task: string): Promise<void> {
  await h.runs.cancel(ada(), task);
  await h.ended(task);
}
/** A program that has printed this, reads nothing and only waits for time. */
const SELECT = (text: string, modes = '') =>
  `#!/usr/bin/python3\nimport os, select, sys\n${modes}\nsys.stdout.write(${JSON.stringify(text)})\nsys.stdout.flush()\nselect.select([0], [], [], 600)\n`;
const NO_ECHO = 'os.system("stty -echo")';

describe('where nobody sees that it reads', () => {
  it('a question waits for an answer', async () => {
    const task = await start(SELECT('Do you want to continue? [Y/n] '));
    await expect.poll(() => shown(task).waiting_for_input, patient).toBe(true);
    expect(shown(task).input_hidden).toBeUndefined();
    await over(task);
  });

  it('a terminal that shows nothing of what is typed waits for a secret, whatever it asks', async () => {
    const task = await start(SELECT('Kennwort', NO_ECHO));
    await expect.poll(() => shown(task).input_hidden, patient).toBe(true);
    expect(shown(task).waiting_for_input).toBe(true);
    await over(task);
  });

  it.each([
    ['what looks like work', 'Building '],
    ['a line that has ended', 'Continue?\n'],
  ])('%s does not', async (_name, text) => {
    const task = await start(SELECT(text));
    await expect.poll(() => h.output(task), patient).toContain(text.trim());
    // Longer than it has to be silent.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expect(shown(task).waiting_for_input).toBeUndefined();
    await over(task);
  });
});
