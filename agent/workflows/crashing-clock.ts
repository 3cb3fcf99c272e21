import { flushCompileCache } from 'node:module';

/**
 * A small agent for the crash tests of schedules, in a process of its own that is killed with -9, and whose clock is set: called with a home, a
 * workspace's folder, the time of its beginning in ms since 1970, and `held` where the clock stands until the agent is up. It says when it is
 * ready; once no time of a schedule is due and all jobs have ended, it says which there are.
 */
const [home = '', folder = '', start = '0', held = ''] = process.argv.slice(2);
const real = Date.now;
let began = held === 'held' ? null : real();
const now = (): number => Number(start) + (began === null ? 0 : real() - began);
globalThis.Date = new Proxy(Date, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  get: (target, key, self) => (key === 'now' ? now : Reflect.get(target, key, self)),
});

// What reads the clock when it is loaded reads the one that was set.
const { makeWorkflows } = await import('./workflows-harness.ts');
const flow = await makeWorkflows({ home, folder });
// The agent looks at its workspaces when it begins. A look is known by its time, and a clock that stands tells none from another.
if (held !== 'held') await flow.load();
// Killed, it would leave nothing of it to the next one.
flushCompileCache();
began ??= real();
process.stdout.write('ready\n');
const { jobs, triggers } = flow.services.workflows;
setInterval(() => {
  const due = triggers.list('ws').items.some(({ next_fire_at }) => next_fire_at !== null && Date.parse(next_fire_at) <= now());
  const { items } = jobs.list(flow.admin, { limit: 200 });
  if (due || items.some(({ ended_at }) => ended_at === null)) return;
  const found = items.map(({ job_id, state, source_id }) => ({ job_id, state, trigger: source_id }));
  process.stdout.write(`settled ${JSON.stringify({ host: flow.services.settings.instance_id, jobs: found })}\n`);
}, 50);
