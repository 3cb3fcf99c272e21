import { flushCompileCache } from 'node:module';
import { isEnded } from '../../shared/flow/job.ts';
import { NO_CONTAINER_SETTINGS } from '../config-containers.ts';
import { makeWorkflows } from './workflows-harness.ts';

/**
 * A small agent for the crash tests of jobs, in a process of its own that is killed with -9. Called with a home, a workspace's folder, a
 * request id and, where steps have containers, the socket of their engine: it executes the task `main` once under that id, answers what the job asks, and says how the job ended.
 */
const [home = '', folder = '', request_id = '', socket = ''] = process.argv.slice(2);
const flow = await makeWorkflows({ home, folder, ...(socket === '' ? {} : { containers: { ...NO_CONTAINER_SETTINGS, socket } }) });
await flow.load();
// Killed, it would leave nothing of it to the next one.
flushCompileCache();
process.stdout.write('ready\n');
const { job_id } = await flow.services.workflows.execute(flow.admin, 'ws', 'main', { input: {}, request_id, source: 'api' });
const { jobs } = flow.services.workflows;
const look = async (): Promise<void> => {
  const job = jobs.get(flow.admin, job_id);
  if (isEnded(job.state)) process.stdout.write(`ended ${JSON.stringify(job)}\n`);
  for (const { name, state } of job.steps)
    if (state === 'suspended') await jobs.approve(flow.admin, job_id, name, { approved: true }).catch(() => undefined);
};
flow.services.workflows.onChange(({ row }) => void (row.job_id === job_id && look()));
await look();
// What it waits for keeps nothing alive by itself.
setInterval(() => undefined, 1000);
