import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError, toToruError } from '../../shared/errors.ts';
import { contextOf } from '../../shared/flow/context.ts';
import type { Job, Json, Outcome } from '../../shared/flow/job.ts';
import { findStep } from '../../shared/flow/steps.ts';
import type { Lookup } from '../../shared/flow/template/evaluate.ts';
import { printed } from '../../shared/flow/template/values.ts';
import { renderValue } from '../../shared/flow/template.ts';
import type { RunRow } from '../history/run-row.ts';
import type { Prepared } from '../runs/life/prepared.ts';
import { NEVER_BEGAN } from '../runs/life/recovery.ts';
import { LOST_SECRETS } from '../runs/life/run.ts';
import type { Runs } from '../runs/runs.ts';
import type { Caller } from '../users/caller.ts';
import { isHostsOwn } from '../users/caller.ts';
import type { Users } from '../users/users.ts';
import { withDefaults } from './job-input.ts';
import type { LiveJob } from './job-store.ts';
import type { Revisions } from './revisions.ts';
import { actionOf, contextOfAction, stepOfFlow } from './step-context.ts';
import { saidBy } from './step-output.ts';
import { programOf } from './step-program.ts';
import { isSealed, type StepValues } from './step-values.ts';
import type { TaskStates } from './task-states.ts';

/** In a run's folder: what belongs to its step. */
const STEP_FOLDER = 'step';
const OUTPUT_FILE = 'output';

export interface StepRunsOptions {
  runs: Pick<Runs, 'folderOf' | 'log'>;
  revisions: Revisions;
  users: Pick<Users, 'get'>;
  values: StepValues;
  states: Pick<TaskStates, 'foldersFor'>;
}

/** How an attempt ended, as its run shows it. */
export interface StepEnded {
  outcome: Outcome;
  output?: Json;
  /** For the task's next job. */
  state?: Record<string, Json>;
  error?: string;
}

/** The agent itself, where it stops runs of its jobs. */
const AGENT: Caller = { user_id: 'local:agent', username: 'agent', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };

/** Between a job's steps and runs: what a step's run is given, and what its end means. */
export class StepRuns {
  readonly agent: Caller = AGENT;
  readonly #o: StepRunsOptions;

  constructor(options: StepRunsOptions) {
    this.#o = options;
  }

  /** The input of a step without a process, rendered and checked: it is kept, so no secret is in it. @throws TemplateError, ToruError input_… */
  input(live: LiveJob & { job: Job }, step: string): Record<string, Json> {
    const input = this.#input(live, step, contextOf(live.plan, live.job, step));
    const sealed = Object.keys(input).find((name) => isSealed(input[name]));
    if (sealed === undefined) return input;
    throw new ToruError(
      'input_invalid',
      `“${sealed}” would hold a secret input, which goes to scripts only in this version. Store it: toru secret set`,
    );
  }

  #input({ row, plan }: LiveJob, step: string, context: Lookup): Record<string, Json> {
    const given: Record<string, Json> = {};
    for (const [name, value] of Object.entries(stepOfFlow(plan, step).input)) given[name] = renderValue(value, context);
    const { connections } = this.#o.revisions.get(row.revision).definitions;
    const action = actionOf(plan, step);
    const fields = Object.entries(action?.input ?? {});
    // What an approval's step says nothing of is asked of who approves.
    const own = action?.type === 'approval' ? fields.filter(([name]) => Object.hasOwn(given, name)) : fields;
    return withDefaults(Object.fromEntries(own), given, connections, context);
  }

  /** What an approval asks; as it stands in its file where it can't be rendered. */
  message(live: LiveJob, step: string): string {
    const { plan, job } = live;
    const action = actionOf(plan, step);
    if (job === null || action?.type !== 'approval') return '';
    try {
      return printed(
        renderValue(action.message, contextOfAction(plan, step, this.input({ ...live, job }, step), contextOf(plan, job, step))),
      );
    } catch {
      return action.message;
    }
  }

  /** The run of a step, with whose it is. @throws ToruError when it can't be begun, with what to do. */
  async prepare(live: LiveJob, step: string, taskId: string): Promise<{ prepared: Prepared; caller: Caller }> {
    const { row, plan, job } = live;
    const action = actionOf(plan, step);
    if (job === null || action === undefined) throw new ToruError('conflict', `The step “${step}” has no action.`);
    if (action.type !== 'script')
      throw new ToruError('conflict', `Steps of the type “${action.type}” are not yet in this version. Use a script.`);
    const open = this.#o.values.open({ ...live, job }, step);
    const input = this.#o.values.connected(row, action.input, this.#input(live, step, open.lookup), open);
    const folder = join(this.#o.runs.folderOf(taskId), STEP_FOLDER);
    const revision = this.#o.revisions.get(row.revision);
    const context = contextOfAction(plan, step, input, open.lookup);
    const made = await programOf({ action, context, root: revision.folder, folder });
    const { before, out } = this.#o.states.foldersFor(row);
    const passed = {
      args: made.args,
      env: {
        ...made.env,
        TORU_JOB_ID: row.job_id,
        TORU_STEP: step,
        TORU_ATTEMPT: String(findStep(job, step)?.attempt ?? 1),
        TORU_INPUTS: join(folder, 'inputs.json'),
        TORU_OUTPUT: join(folder, OUTPUT_FILE),
        STATE_DIR: before,
        STATE_OUT: out,
      },
      stdin: null,
    };
    const files = Object.entries({ ...made.files, 'inputs.json': JSON.stringify(input), [OUTPUT_FILE]: '' });
    const prepared: Prepared = {
      action: null,
      label: `${plan.task_name} › ${step}`,
      script: `${plan.workspace}/${stepOfFlow(plan, step).action}`,
      program: {
        path: made.path,
        directory: made.directory,
        files: Object.fromEntries(files.map(([name, text]) => [`${STEP_FOLDER}/${name}`, text])),
      },
      // The job's own timer stops it.
      timeout_s: 0,
      stop_signal: 'TERM',
      grace_s: null,
      stdin: false,
      inputs: {},
      passed,
      uploads: [],
      secrets: secretsIn(open.secrets, [...passed.args, ...Object.values(passed.env), ...files.map(([, text]) => text)]),
    };
    return { prepared, caller: this.#caller(row.user_id, row.username, row.address) };
  }

  /** What the end of a run means to its step. @param row null when its run was removed. */
  async result(row: RunRow | null, taskId: string): Promise<StepEnded | 'never began'> {
    if (row === null) return { outcome: 'failed', error: 'Its run was removed from the history before it was over.' };
    if (row.state === 'interrupted' && (row.reason === NEVER_BEGAN || row.reason === LOST_SECRETS)) return 'never began';
    if (row.state === 'cancelled') return { outcome: 'cancelled', ...(row.reason === null ? {} : { error: row.reason }) };
    let words: { output?: Json; state?: Record<string, Json> };
    try {
      const { output, state } = await saidBy(this.#o.runs.log(taskId), join(this.#o.runs.folderOf(taskId), STEP_FOLDER, OUTPUT_FILE));
      words = { ...(output === undefined ? {} : { output }), ...(state === null ? {} : { state }) };
    } catch (error) {
      return {
        outcome: 'failed',
        error: error instanceof ToruError || !(error instanceof Error) ? toToruError(error).message : error.message,
      };
    }
    if (row.state === 'exited' && row.exit_code === 0) return { outcome: 'completed', ...words };
    return { outcome: 'failed', ...words, error: failureOf(row) };
  }

  /** Takes away what its step alone needed. */
  clear(taskId: string): void {
    try {
      rmSync(join(this.#o.runs.folderOf(taskId), STEP_FOLDER), { recursive: true, force: true });
    } catch {
      // The end of a step does not wait for a folder that can't be removed.
    }
  }

  /** Whose the job is, as the caller of its runs. */
  #caller(user_id: string, username: string, address: string | null): Caller {
    const role = isHostsOwn(user_id) ? 'admin' : (this.#o.users.get(user_id)?.role ?? 'client');
    return { user_id, username, role, via: 'edge', sid: null, address, auth_time: 0 };
  }
}

/** Those that the process gets: in JSON, a text may be written otherwise than it is. */
function secretsIn(secrets: readonly string[], texts: readonly string[]): string[] {
  return secrets.filter(
    (secret) => secret !== '' && texts.some((text) => text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1))),
  );
}

function failureOf({ state, reason, exit_code, signal }: RunRow): string {
  if (reason !== null) return reason;
  if (exit_code !== null) return `It ended with exit code ${exit_code}.`;
  return signal === null ? `It ended as ${state}.` : `It was ended by the signal ${signal}.`;
}
