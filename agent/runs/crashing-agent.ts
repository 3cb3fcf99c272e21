import { join } from 'node:path';
import { makeHarness } from './runs-harness.ts';
import { WarmWrappers } from './warm-wrappers.ts';

/**
 * A small agent for the crash tests, in a process of its own that is killed with -9. Called with a home, a number of
 * runs and perhaps a time in milliseconds: it waits for so long, then starts that many runs of `crash.sh`, one a few
 * milliseconds after another, and says which, and how many found a wrapper waiting.
 */
const [home = '', count = '1', wait = '0'] = process.argv.slice(2);
let waited = 0;
const { take } = WarmWrappers.prototype;
WarmWrappers.prototype.take = function (...plan) {
  const taken = Reflect.apply(take, this, plan);
  if (taken !== null) waited += 1;
  return taken;
};
const harness = makeHarness({}, home);
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
await new Promise((next) => setTimeout(next, Number(wait)));
process.stdout.write('ready\n');
for (let i = 0; i < Number(count); i += 1) {
  void harness.runs
    .start(caller, { script: 'crash.sh', source: 'api', request_id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}` })
    .then(({ task_id }) => process.stdout.write(`started ${task_id}\nwaited ${waited}\n`));
  await new Promise((next) => setTimeout(next, 3));
}
