import { randomUUID } from 'node:crypto';
import type { Json } from '../../../shared/flow/job.ts';
import type { Job, JobStepView } from '../../../shared/workflows.ts';
import { jobId } from '../../../shared/workflows.ts';
import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, oneWord, parse } from '../command.ts';
import { endingOf, followed, readJob, runsOf, tookOf } from '../follow-job.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { printJson, printTable } from './lists.ts';

/** toru tasks */
export const tasks: Command = {
  summary: 'List the tasks of the workspaces',
  help: `Usage: toru tasks [WORKSPACE] [--json]

  toru tasks
  toru tasks ops --json | jq -r '.[].name'
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { json: { type: 'boolean' } } as const);
    const [only, ...more] = positionals;
    noWords(more);
    const { workspaces } = connect(io.env);
    const names = only === undefined ? (await (await good(workspaces.$get())).json()).items.map(({ name }) => name) : [only];
    const lists = await Promise.all(
      names.map(async (ws) => (await (await good(workspaces[':ws'].tasks.$get({ param: { ws } }))).json()).items),
    );
    const items = lists.flat();
    if (values.json === true) return printJson(io, items);
    const rows = items.map(({ workspace, name, steps, last_job, title, description }) => [
      `${workspace}/${name}`,
      String(steps),
      last_job === null ? '' : `${last_job.state} ${when(last_job.created_at)}`,
      description === '' ? (title === name ? '' : title) : description,
    ]);
    return printTable(io, ['TASK', 'STEPS', 'LAST JOB', 'ABOUT'], rows, 'No tasks. Add a folder of them: toru workspace add NAME FOLDER');
  },
};

/** toru trigger */
export const trigger: Command = {
  summary: 'Execute a task of a workspace',
  help: `Usage: toru trigger WORKSPACE/TASK [--input JSON] [--follow] [--json]

Begins a job and prints its id. With --follow it shows what the steps print, those of the jobs that it starts,
too, and ends with 0 when the job has completed, else with 1.

  -i, --input JSON   the task's inputs, as an object
  -f, --follow       show the output until the end; Ctrl-C stops watching, and the job goes on
      --json         print {"job_id"}; with --follow the whole job at the end, to standard error

  toru trigger ops/backup --input '{"target": "nas"}' --follow
`,
  run: async (args, io) => {
    const options = { input: { type: 'string', short: 'i' }, follow: { type: 'boolean', short: 'f' }, json: { type: 'boolean' } } as const;
    const { values, positionals } = parse(args, options);
    const [ws = '', name = '', more] = oneWord(positionals, 'WORKSPACE/TASK').split('/');
    if (name === '' || more !== undefined) throw new UsageError('WORKSPACE/TASK is expected (see: toru tasks).');
    const client = connect(io.env);
    const json = { input: inputOf(values.input ?? '{}'), request_id: randomUUID() };
    const begun = await (await good(client.workspaces[':ws'].tasks[':name'].execute.$post({ param: { ws, name }, json }))).json();
    if (values.follow === true) return followed(client, begun.job_id, values.json === true, io);
    await print(io, values.json === true ? JSON.stringify(begun) : begun.job_id);
    return 0;
  },
};

/** toru jobs */
export const jobs: Command = {
  summary: 'List the jobs, newest first',
  help: `Usage: toru jobs [--status STATES] [--task WORKSPACE/TASK] [--limit N] [--json]

      --status STATES          pending, running, suspended, completed, failed, cancelled, skipped; several with commas
      --task WORKSPACE/TASK    only jobs of this task
  -n, --limit N                how many; 20 without it, at most 200

  toru jobs --status running,suspended
`,
  run: async (args, io) => {
    const options = {
      status: { type: 'string' },
      task: { type: 'string' },
      limit: { type: 'string', short: 'n' },
      json: { type: 'boolean' },
    } as const;
    const { values, positionals } = parse(args, options);
    noWords(positionals);
    const [workspace, task] = values.task === undefined ? [] : values.task.split('/');
    const query = {
      limit: values.limit ?? '20',
      ...(values.status === undefined ? {} : { status: values.status }),
      ...(workspace === undefined ? {} : { workspace }),
      ...(task === undefined ? {} : { task }),
    };
    const { items } = await (await good(connect(io.env).jobs.$get({ query }))).json();
    if (values.json === true) return printJson(io, items);
    const rows = items.map((found) => [
      found.job_id.slice(0, 8),
      when(found.created_at),
      found.state,
      tookOf(found),
      found.user,
      `${found.workspace}/${found.task}`,
    ]);
    return printTable(io, ['JOB', 'CREATED', 'STATE', 'TOOK', 'USER', 'TASK'], rows, 'No jobs.');
  },
};

/** toru job */
export const job: Command = {
  summary: 'Show a job with its steps',
  help: `Usage: toru job JOB [--follow] [--json]

JOB is a job's id, the beginning of one, or “last”: the newest that no other job started.

  -f, --follow   show what its steps print, until the end

  toru job last
  toru job 3f2a --follow
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { follow: { type: 'boolean', short: 'f' }, json: { type: 'boolean' } } as const);
    const client = connect(io.env);
    const id = await findJob(client, oneWord(positionals, 'The job’s id (see: toru jobs)'));
    if (values.follow === true) return followed(client, id, values.json === true, io);
    const found = await readJob(client, id);
    if (values.json === true) await print(io, JSON.stringify(found));
    else await showJob(found, io);
    return 0;
  },
};

/** toru rerun */
export const rerun: Command = {
  summary: 'Run a job again from one of its steps on',
  help: `Usage: toru rerun JOB [--from STEP] [--follow]

The step and all that depend on it run again, with what the others have said. Without --from, all that did not
complete. JOB is a job's id, the beginning of one, or “last”.

  toru rerun last --from deploy --follow
`,
  run: async (args, io) => {
    const options = { from: { type: 'string' }, follow: { type: 'boolean', short: 'f' }, json: { type: 'boolean' } } as const;
    const { values, positionals } = parse(args, options);
    const client = connect(io.env);
    const id = await findJob(client, oneWord(positionals, 'The job’s id (see: toru jobs)'));
    const before = values.follow === true ? await runsOf(client, id) : new Set<string>();
    await good(client.jobs[':id'].rerun.$post({ param: { id }, json: values.from === undefined ? {} : { from: values.from } }));
    if (values.follow === true) return followed(client, id, values.json === true, io, before);
    await print(io, id);
    return 0;
  },
};

/** @throws UsageError */
function inputOf(text: string): Record<string, Json> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // The sentence below says what is expected.
  }
  throw new UsageError(`--input: an object in JSON is expected, such as '{"name": "value"}'.`);
}

function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws UsageError when no job, or several, are meant. */
async function findJob(client: Client, word: string): Promise<string> {
  const id = jobId.safeParse(word);
  if (id.success) return id.data;
  const { items } = await (await good(client.jobs.$get({ query: { limit: '200' } }))).json();
  // What a job or its hook started came later, and is not what somebody means who says “last”.
  const begun = items.filter(({ source }) => source !== 'task' && source !== 'hook');
  const meant = word === 'last' ? begun.slice(0, 1) : items.filter(({ job_id }) => job_id.startsWith(word.toLowerCase()));
  const [found, another] = meant;
  if (found === undefined) throw new UsageError(`There is no job “${word}” among the newest. See: toru jobs`);
  if (another !== undefined) throw new UsageError(`Several jobs begin with “${word}”. Give more of the id.`);
  return found.job_id;
}

async function showJob(found: Job, io: Io): Promise<void> {
  await print(io, `${found.workspace}/${found.task}  ${endingOf(found)}`);
  const rows = found.steps.map((step) => [
    step.name,
    stateOf(step),
    tookOf(step),
    step.task_id?.slice(0, 8) ?? '',
    step.error ?? step.message ?? '',
  ]);
  await printTable(io, ['STEP', 'STATE', 'TOOK', 'RUN', 'ABOUT'], rows, '');
}

function stateOf({ state, attempt }: JobStepView): string {
  return attempt > 1 ? `${state} (${attempt})` : state;
}
