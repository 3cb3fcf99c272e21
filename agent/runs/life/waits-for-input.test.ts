import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';

/** The host says when a script waits for something that a viewer types, and only then. */

const CHECK_MS = 100;

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { checkMs: CHECK_MS } });
});
afterEach(() => h.close());

const ada = () => h.caller('ada');
async function start(text: string, stdin = true): Promise<string> {
  h.script('it.sh', text);
  h.action({ id: 'it', script: 'it.sh', stdin });
  return (await h.runs.start(ada(), { action: 'it', source: 'page' })).task_id;
}
const waits = (task: string) => h.runs.get(ada(), task).waiting_for_input;
const said = (task: string) => expect.poll(() => waits(task), { interval: 10, timeout: 30_000, message: 'it waits for input' }).toBe(true);
/** A script that printed this, and was looked at some times since: one that waits would have been seen to. */
async function printed(task: string, text: string): Promise<void> {
  await expect.poll(() => h.output(task), { interval: 10, timeout: 30_000 }).toContain(text);
  await new Promise((resolve) => setTimeout(resolve, 6 * CHECK_MS));
}

describe.skipIf(process.platform !== 'linux')('a script that waits for an answer', () => {
  it.each([
    ['a shell', '#!/bin/sh\nprintf "Name: "\nread -r name\necho "hello $name"\nexec sleep 300\n'],
    ['a program of a pipeline in a subshell', '#!/bin/sh\necho ready\n(head -n 1 | cat)\necho hello Ada\nexec sleep 300\n'],
    [
      'an event loop',
      `#!/bin/sh\nexec ${process.execPath} -e 'process.stdin.once("data", (d) => { process.stdin.pause(); console.log("hello " + d); setInterval(() => 0, 1e6); })'\n`,
    ],
  ])('is said to, until it has its answer: %s', async (_name, text) => {
    const news: (boolean | undefined)[] = [];
    h.runs.onChange((run) => news.push(run.waiting_for_input));
    const task = await start(text);
    await said(task);
    expect(news.at(-1)).toBe(true);
    await h.runs.input(ada(), task, 'Ada\n');
    expect(waits(task)).toBeUndefined();
    expect(news.at(-1)).toBeUndefined();
    await printed(task, 'hello');
    expect(waits(task)).toBeUndefined();
    await h.runs.cancel(ada(), task);
    await h.ended(task);
  });

  it('goes on waiting after a restart of the agent, and for the next answer', async () => {
    const task = await start('#!/bin/sh\nwhile read -r line; do echo "<$line>"; done\necho done\n');
    await said(task);
    await h.runs.close();
    await h.restart();
    await said(task);
    await h.runs.input(ada(), task, 'one\n');
    await said(task);
    await h.runs.input(ada(), task, '', true);
    await h.ended(task);
    expect(waits(task)).toBeUndefined();
    expect(await h.output(task)).toBe('<one>\ndone\n');
  });

  it.each([
    ['it works', '#!/bin/sh\necho ready\nexec sleep 300\n'],
    ['it waits for a program that it started', '#!/bin/sh\necho ready\nx=$(sleep 300)\n'],
    ['it reads another pipe', '#!/bin/sh\necho ready\nsleep 300 | cat\n'],
  ])('is not said to when %s', async (_name, text) => {
    const task = await start(text);
    await printed(task, 'ready');
    expect(waits(task)).toBeUndefined();
    await h.runs.cancel(ada(), task);
    await h.ended(task);
  });

  it('can’t be answered where the action takes no input', async () => {
    const task = await start('#!/bin/sh\nread -r name\necho "end of input"\n', false);
    await h.ended(task);
    expect(waits(task)).toBeUndefined();
  });
});
