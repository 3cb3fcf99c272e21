import { isEnded } from '../../shared/flow/job.ts';
import type { Job, JobSummary } from '../../shared/workflows.ts';
import { job as jobSchema } from '../../shared/workflows.ts';
import type { Client } from './agent-client.ts';
import { good } from './agent-client.ts';
import { copyOutput } from './follow.ts';
import type { Io } from './io.ts';
import { note } from './io.ts';
import { duration } from './plain-text.ts';
import { plain } from './terminal-filter.ts';

const LOOK_MS = { first: 20, most: 200 };

/** Between the names of a step and of a step of the job that it started. */
const BELOW = ' › ';

export async function readJob(client: Client, id: string): Promise<Job> {
  return jobSchema.parse(await (await good(client.jobs[':id'].$get({ param: { id } }))).json());
}

/** The runs that a job has so far, with those of the jobs that its steps started. */
export async function runsOf(client: Client, id: string): Promise<Set<string>> {
  const shown = new Set<string>();
  const tree = new JobTree(client, id, shown);
  for (let next = await tree.next(); next !== null; next = await tree.next()) shown.add(next.taskId);
  return shown;
}

/**
 * Shows what the steps print, step after step, and those of the jobs that steps started, by the names of both.
 * @param shown runs that are not shown. @returns 0 when the job completed, else 1.
 */
export async function followed(client: Client, id: string, json: boolean, io: Io, shown = new Set<string>()): Promise<number> {
  const leave = new AbortController();
  const interrupted = (): void => leave.abort();
  io.interrupted.addEventListener('abort', interrupted, { once: true });
  if (io.interrupted.aborted) interrupted();
  const tree = new JobTree(client, id, shown);
  const noted = new Set<string>();
  for (let wait = LOOK_MS.first; ; ) {
    const next = await tree.next();
    if (next !== null && !leave.signal.aborted) {
      shown.add(next.taskId);
      await note(io, `› ${next.name}`);
      await copyOutput(client, next.taskId, { follow: true, raw: false, signal: leave.signal }, io).catch((error: Error) =>
        note(io, error.message),
      );
      wait = LOOK_MS.first;
      continue;
    }
    const { root } = tree;
    if (isEnded(root.state) || leave.signal.aborted) {
      io.interrupted.removeEventListener('abort', interrupted);
      if (json) await io.err.write(`${JSON.stringify(root)}\n`);
      else await note(io, isEnded(root.state) ? endingOf(root) : `the job goes on: toru job ${id} --follow`);
      if (!isEnded(root.state)) return 130;
      return root.state === 'completed' || root.state === 'skipped' ? 0 : 1;
    }
    const waiting = tree.waiting.filter((name) => !noted.has(name));
    if (waiting.length > 0) {
      for (const name of waiting) noted.add(name);
      await note(io, `it waits for an answer: ${waiting.join(', ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(LOOK_MS.most, wait * 2);
  }
}

/** How a job ended, for a person. */
export function endingOf(found: Job): string {
  return `${found.state}${tookOf(found) === '' ? '' : ` after ${tookOf(found)}`}${found.error === null ? '' : `: ${plain(found.error)}`}`;
}

export function tookOf({ started_at, ended_at }: Pick<JobSummary, 'started_at' | 'ended_at'>): string {
  if (started_at === null) return '';
  return duration((ended_at === null ? Date.now() : Date.parse(ended_at)) - Date.parse(started_at));
}

/** A job and the jobs that its steps started, looked at again and again until all has ended. */
class JobTree {
  /** Of the last look: the steps that wait for somebody, by their names. */
  waiting: string[] = [];
  readonly #client: Client;
  readonly #id: string;
  readonly #shown: ReadonlySet<string>;
  /** Started jobs that have ended, and all of whose runs are shown: they are not read again. */
  readonly #over = new Set<string>();
  #root: Job | null = null;

  constructor(client: Client, id: string, shown: ReadonlySet<string>) {
    this.#client = client;
    this.#id = id;
    this.#shown = shown;
  }

  /** The job itself, as of the last look. */
  get root(): Job {
    if (this.#root === null) throw new Error('The job has not been looked at.');
    return this.#root;
  }

  /** The first run that is not shown, or null. The job itself is read before those that it started: when it has ended, so have they. */
  async next(): Promise<{ taskId: string; name: string } | null> {
    this.#root = await readJob(this.#client, this.#id);
    this.waiting = [];
    return this.#nextOf(this.#root, '');
  }

  async #nextOf(job: Job, above: string): Promise<{ taskId: string; name: string } | null> {
    for (const step of job.steps) {
      const name = `${above}${plain(step.name)}`;
      if (step.task_id !== null && !this.#shown.has(step.task_id)) return { taskId: step.task_id, name };
      if (step.action_type === 'approval' && step.state === 'suspended') this.waiting.push(name);
      if (step.child_job_id === null || this.#over.has(step.child_job_id)) continue;
      const started = await readJob(this.#client, step.child_job_id);
      const next = await this.#nextOf(started, `${name}${BELOW}`);
      if (next !== null) return next;
      if (isEnded(started.state)) this.#over.add(started.job_id);
    }
    return null;
  }
}
