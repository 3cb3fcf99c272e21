import { setTimeout as sleep } from 'node:timers/promises';
import { makeHarness } from './runs-harness.ts';

/**
 * An agent as a plain user, with an action in a terminal whose script needs another user's rights (life/sudo.test.ts starts it as that
 * user). It types a wrong password, then the right one, and prints what came of it as JSON.
 */

const [home = '', password = ''] = process.argv.slice(2);
const LIMIT_MS = 60_000;

const h = makeHarness({ limits: { checkMs: 100 } }, home);
const caller = h.caller('ada');
h.script('it.sh', `#!/bin/sh\nsudo -k\nexec sudo sh -c 'id -un; read -r -p "Sure? " sure; echo "<$sure>"'\n`);
h.action({ id: 'it', script: 'it.sh', tty: true });
const { task_id } = await h.runs.start(caller, { action: 'it', source: 'page', inputs: {} });

/** Until it waits for an answer behind this. @returns whether what is typed will show. */
async function asked(question: RegExp): Promise<boolean> {
  for (const until = performance.now() + LIMIT_MS; performance.now() < until; await sleep(50)) {
    const { waiting_for_input, input_hidden } = h.runs.get(caller, task_id);
    if (waiting_for_input === true && question.test(await h.output(task_id))) return input_hidden === true;
  }
  throw new Error(`it does not ask: ${await h.output(task_id)}`);
}

const hidden: boolean[] = [];
for (const [question, answer] of [
  [/password for [^\n]*: $/, 'not this one'],
  [/Sorry, try again[\s\S]*password for [^\n]*: $/, password],
  [/Sure\? $/, 'yes'],
] as const) {
  hidden.push(await asked(question));
  await h.runs.input(caller, task_id, `${answer}\r`);
}
const { exit_code } = await h.ended(task_id);
process.stdout.write(JSON.stringify({ hidden, exit_code, output: await h.output(task_id) }));
await h.close();
