import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { makeHarness } from './runs-harness.ts';

/**
 * A small agent for the crash tests, in a process of its own that is killed with -9. Called with a home, a number of
 * runs and perhaps `shell`: it starts that many runs of `crash.sh`, one a few
 * milliseconds after another, and says which.
 */
const [home = '', count = '1', runner] = process.argv.slice(2);
const harness = makeHarness(runner === 'shell' ? { runner } : {}, home);
const caller = harness.caller('ada');
harness.script(
  'crash.sh',
  `#!/bin/sh
echo begun >> "${join(home, 'began')}-$TORU_TASK_ID"
i=0
while [ $i -lt 40 ]; do echo "line $i"; echo "oops $i" >&2; i=$((i + 1)); sleep 0.01; done
exit 7
`,
);
// The double's rooms keep nothing alive by themselves.
setInterval(() => undefined, 1000);
// Killed, it would leave nothing of it to the next one.
flushCompileCache();
process.stdout.write('ready\n');
for (let i = 0; i < Number(count); i += 1) {
  void harness.runs
    .start(caller, { script: 'crash.sh', source: 'api', request_id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}` })
    .then(({ task_id }) => process.stdout.write(`started ${task_id}\n`));
  await new Promise((next) => setTimeout(next, 3));
}
