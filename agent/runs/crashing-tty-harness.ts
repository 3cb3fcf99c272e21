import { flushCompileCache } from 'node:module';
import { makeHarness } from './runs-harness.ts';

/** A small agent in a process of its own, which is killed with -9 while a run in a terminal asks. Called with a home, and perhaps `shell`. */
const [home = '', runner] = process.argv.slice(2);
const harness = makeHarness({ ...(runner === 'shell' ? { runner } : {}), limits: { checkMs: 50 } }, home);
harness.script('asks.sh', '#!/bin/bash\nread -r -p "one: " a\nread -r -p "two: " b\necho "<$a$b>"\nexit 5\n');
harness.action({ id: 'asks', script: 'asks.sh', tty: true });
// Killed, it would leave nothing of it to the next one.
flushCompileCache();
setInterval(() => undefined, 1000);
const { task_id } = await harness.runs.start(harness.caller('ada'), { action: 'asks', source: 'page' });
harness.runs.onChange((run) => {
  if (run.waiting_for_input === true) process.stdout.write(`waits ${task_id}\n`);
});
