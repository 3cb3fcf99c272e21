import { readdirSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ToruError, toToruError } from '../../shared/errors.ts';
import { contextOf } from '../../shared/flow/context.ts';
import type { Action, Hook } from '../../shared/flow/definition.ts';
import type { Job, Json, Outcome } from '../../shared/flow/job.ts';
import { findStep } from '../../shared/flow/steps.ts';
import type { Lookup } from '../../shared/flow/template/evaluate.ts';
import { printed } from '../../shared/flow/template/values.ts';
import { renderValue } from '../../shared/flow/template.ts';
import { MASK } from '../../shared/input-passing.ts';
import type { RunSource } from '../../shared/runs.ts';
import type { ContainerFacts } from '../../shared/workflows.ts';
import { containerFacts } from '../../shared/workflows.ts';
import type { ContainerSettings } from '../config-containers.ts';
import type { Leftovers } from '../containers/leftovers.ts';
import type { ContainerOrder } from '../containers/order.ts';
import { CONTAINER_FILE, FAILURE_FILE, IN_CONTAINER, OUTPUT_FILE, STEP_FOLDER } from '../containers/order.ts';
import { containerProgram } from '../containers/program-file.ts';
import type { RunRow } from '../history/run-row.ts';
import { ARTIFACTS_FOLDER } from '../logs/artifacts.ts';
import type { Prepared } from '../runs/life/prepared.ts';
import { NEVER_BEGAN } from '../runs/life/recovery.ts';
import { LOST_SECRETS } from '../runs/life/run.ts';
import type { Runs } from '../runs/runs.ts';
import type { Caller } from '../users/caller.ts';
import { isHostsOwn } from '../users/caller.ts';
import type { Users } from '../users/users.ts';
import type { ContainerAction, ContainerStep } from './container-step.ts';
import { containerStep, GRACE_S, runnerOf } from './container-step.ts';
import { asDeclared } from './declared-output.ts';
import { withDefaults } from './job-input.ts';
import type { LiveJob } from './job-store.ts';
import type { Revisions } from './revisions.ts';
import { isSealed, namesSecret, sealInput, secretInputs, textsIn } from './sealed-input.ts';
import { actionOf, contextOfAction, stepOfFlow } from './step-context.ts';
import { saidBy } from './step-output.ts';
import { programOf } from './step-program.ts';
import type { StepValues } from './step-values.ts';
import type { TaskStates } from './task-states.ts';

const ONE_INPUT = /^\s*\{\{-?\s*input\.([A-Za-z_]\w*)\s*-?\}\}\s*$/;

export interface StepRunsOptions {
  runs: Pick<Runs, 'folderOf' | 'log' | 'prepareAction'>;
  revisions: Revisions;
  users: Pick<Users, 'get'>;
  values: StepValues;
  states: Pick<TaskStates, 'foldersFor'>;
  /** TORU_HOME */
  home: string;
  /** Which host this is: whose containers they are. */
  host: string;
  containers: ContainerSettings;
  leftovers: Pick<Leftovers, 'note' | 'forget' | 'sweep'>;
  /** The agent's own. */
  environment: Readonly<Record<string, string | undefined>>;
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
  /** The secrets that runs were given; of those that an earlier agent started, the step's are opened again. */
  readonly #secrets = new Map<string, readonly string[]>();

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
    const action = actionOf(plan, step);
    const { definitions } = this.#o.revisions.get(row.revision);
    const { connections } = this.#sourceOf(row, action)?.owner ?? definitions;
    const fields = Object.entries(action?.input ?? {});
    // What an approval's step says nothing of is asked of who approves.
    const own = action?.type === 'approval' ? fields.filter(([name]) => Object.hasOwn(given, name)) : fields;
    return withDefaults(Object.fromEntries(own), given, connections, context);
  }

  /** The input of the job that a step executes. What holds a secret is sealed for that job. @throws TemplateError, ToruError input_… */
  inputOfChild(live: LiveJob & { job: Job }, step: string, child: { job_id: string; task: string }): Record<string, Json> {
    const { definitions } = this.#o.revisions.get(live.row.revision);
    const isConnection = (type: string): boolean => Object.hasOwn(definitions.connection_types, type);
    const fields = definitions.tasks[child.task]?.input ?? {};
    const action = actionOf(live.plan, step)?.input ?? {};
    const open = this.#o.values.open(live, step);
    const isSecret = secretInputs(live.job.input, live.plan.task.input, isConnection);
    const values = withDefaults(fields, this.#input(live, step, open.lookup), definitions.connections, {});
    const { input: given } = stepOfFlow(live.plan, step);
    const secret = Object.keys(values).filter(
      (name) =>
        fields[name]?.secret === true || action[name]?.secret === true || namesSecret(given[name] ?? action[name]?.default, isSecret),
    );
    const named = this.#named(live, given, isConnection);
    return { ...this.#sealed(values, secret, child.job_id, open.secrets), ...named };
  }

  /** What a hook's job is given, sealed where it holds a secret. @throws TemplateError, ToruError */
  inputOfHook(live: LiveJob & { job: Job }, hook: Hook, about: Json, jobId: string): Record<string, Json> {
    const { definitions } = this.#o.revisions.get(live.row.revision);
    const isConnection = (type: string): boolean => Object.hasOwn(definitions.connection_types, type);
    const open = this.#o.values.openHook(live, about);
    const isSecret = secretInputs(live.job.input, live.plan.task.input, isConnection);
    const values = Object.fromEntries(Object.entries(hook.input).map(([name, value]) => [name, renderValue(value, open.lookup)]));
    const secret = Object.keys(values).filter((name) => namesSecret(hook.input[name], isSecret));
    return { ...this.#sealed(values, secret, jobId, open.secrets), ...this.#named(live, hook.input, isConnection) };
  }

  /** A connection that is passed on as a whole goes by its name: who gets it opens it. */
  #named({ plan, job }: LiveJob & { job: Job }, given: Readonly<Record<string, Json>>, isConnection: (type: string) => boolean) {
    return Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => {
        const [, input = ''] = typeof value === 'string' ? (ONE_INPUT.exec(value) ?? []) : [];
        const kept = job.input[input];
        return typeof kept === 'string' && isConnection(plan.task.input[input]?.type ?? '') ? [[name, kept] as const] : [];
      }),
    );
  }

  #sealed(values: Record<string, Json>, secret: readonly string[], jobId: string, hidden: readonly string[]): Record<string, Json> {
    const sealed = { ...values };
    for (const name of secret) {
      const value = values[name];
      if (value === undefined) continue;
      const texts = textsIn(value);
      const hides = hidden.filter((one) => one !== '' && texts.some((text) => text !== one && text.includes(one)));
      sealed[name] = sealInput(this.#o.values.key, jobId, name, value, hides);
    }
    return sealed;
  }

  /** What an approval asks, without its secrets. @throws TemplateError, ToruError input_… */
  question(live: LiveJob & { job: Job }, step: string): string {
    const action = actionOf(live.plan, step);
    if (action?.type !== 'approval') return '';
    const masked = this.#o.values.masked(live, step);
    return printed(renderValue(action.message, contextOfAction(live.plan, step, this.#input(live, step, masked), masked)));
  }

  /** The same for the page; as it stands in its file where it can't be rendered. */
  message(live: LiveJob, step: string): string {
    const { plan, job } = live;
    const action = actionOf(plan, step);
    if (job === null || action?.type !== 'approval') return '';
    try {
      return this.question({ ...live, job }, step);
    } catch {
      return action.message;
    }
  }

  /** The run of a step, with whose it is. @throws ToruError when it can't be begun, with what to do. */
  async prepare(live: LiveJob, step: string, taskId: string): Promise<{ prepared: Prepared; caller: Caller; source: RunSource }> {
    const { row, plan, job } = live;
    const action = actionOf(plan, step);
    if (job === null || action === undefined) throw new ToruError('conflict', `The step “${step}” has no action.`);
    if (action.type === 'quick_action') return this.#press({ ...live, job }, step, action.quick_action);
    const opened = this.#o.values.open({ ...live, job }, step);
    const source = this.#sourceOf(row, action);
    const { owner } = source ?? {};
    // What its step gives it is the job's; what stands in it is of the workspace that it comes from.
    const open = owner === undefined ? opened : this.#o.values.withOwner(opened, action.library ?? '', owner);
    const values = this.#input(live, step, opened.lookup);
    const input = this.#o.values.connected(owner ?? this.#o.revisions.get(row.revision).definitions, action.input, values, open);
    const folder = join(this.#o.runs.folderOf(taskId), STEP_FOLDER);
    const { folder: workspace } = this.#o.revisions.get(row.revision);
    const context = contextOfAction(plan, step, input, open.lookup);
    const sources = source?.folder ?? workspace;
    // A container sees one folder: that in which its script lies.
    const isThere = owner !== undefined || (isInContainer(action) && action.type === 'script' && 'source' in action.code);
    const root = isThere ? sources : workspace;
    const state = this.#o.states.foldersFor(row);
    const own = { TORU_JOB_ID: row.job_id, TORU_STEP: step, TORU_ATTEMPT: String(findStep(job, step)?.attempt ?? 1) };
    const label = `${plan.task_name} › ${step}`;
    // As Strøm’s files call it.
    const artifacts = join(this.#o.runs.folderOf(taskId), ARTIFACTS_FOLDER);
    const given: Given = { taskId, folder, root, sources, context, state, own, inputs: JSON.stringify(input), label, artifacts };
    const made = isInContainer(action) ? await this.#inContainer(action, given) : await onHost(action, given, this.#o.home);
    const { program, passed, texts } = made;
    const prepared: Prepared = {
      action: null,
      label: given.label,
      script: `${plan.workspace}/${stepOfFlow(plan, step).action}`,
      program,
      // The job's own timer stops it.
      timeout_s: 0,
      stop_signal: 'TERM',
      grace_s: made.grace_s,
      stdin: false,
      tty: false,
      inputs: {},
      passed,
      uploads: [],
      secrets: secretsIn(open.secrets, texts),
    };
    if (prepared.secrets.length > 0) this.#secrets.set(taskId, prepared.secrets);
    return { prepared, caller: this.#caller(row.user_id, row.username, row.address), source: 'workflow' };
  }

  /** The run of a quick action: as if whose the job is had pressed it. @throws ToruError unknown_action, input_…, TemplateError */
  async #press(
    live: LiveJob & { job: Job },
    step: string,
    action: string,
  ): Promise<{ prepared: Prepared; caller: Caller; source: RunSource }> {
    const { row, plan } = live;
    const written = stepOfFlow(plan, step).input;
    const rendered = this.#input(live, step, this.#o.values.open(live, step).lookup);
    // A template that comes to nothing is no answer; an empty text that stands there is one.
    const inputs = Object.fromEntries(Object.entries(rendered).filter(([name, value]) => value !== '' || written[name] === ''));
    const caller = this.#caller(row.user_id, row.username, row.address);
    const prepared = await this.#o.runs.prepareAction(caller, { action, inputs });
    const open = Object.keys(inputs).find((name) => isSecret(written[name]) && prepared.inputs[name] !== MASK);
    if (open !== undefined)
      throw new ToruError('input_invalid', `“${open}” is no secret of the action any more: a stored one would stand in the history.`);
    return { prepared, caller, source: row.source === 'trigger' ? 'schedule' : 'workflow' };
  }

  /** A run whose process has a container: step-container.ts. */
  async #inContainer(action: ContainerAction, { taskId, root, context, state, own, inputs, label }: Given): Promise<Made> {
    const { home, host, containers, environment, leftovers } = this.#o;
    const step = await containerStep({ action, context, root, home, settings: containers, environment });
    const env = {
      ...step.env,
      ...own,
      TORU_TASK_ID: taskId,
      TORU_INPUTS: IN_CONTAINER.inputs,
      TORU_OUTPUT: IN_CONTAINER.output,
      TORU_ARTIFACTS: IN_CONTAINER.artifacts,
      ARTIFACTS_DIR: IN_CONTAINER.artifacts,
      STATE_DIR: IN_CONTAINER.state_before,
      STATE_OUT: IN_CONTAINER.state_out,
    };
    const noted = { engine: step.engine, task_id: taskId, host };
    const order: ContainerOrder = {
      ...step,
      ...noted,
      label,
      env,
      files: { ...step.files, 'inputs.json': inputs },
      state,
      folder: this.#o.runs.folderOf(taskId),
      grace_s: GRACE_S,
      note: leftovers.note(noted),
    };
    const { path, args } = containerProgram();
    return {
      program: { path, directory: root, files: { [`${STEP_FOLDER}/${OUTPUT_FILE}`]: '' } },
      passed: { args, env: {}, stdin: JSON.stringify(order) },
      texts: textsOf(step, env, inputs),
      // The container's own grace, and what its stop and removal take.
      grace_s: GRACE_S + REMOVAL_S,
    };
  }

  /** The run of a step could not be started: what was noted for it goes. */
  abandoned(taskId: string): void {
    this.#o.leftovers.forget(taskId);
    this.#secrets.delete(taskId);
  }

  /** What the output of a run may not hold. @throws ToruError conflict where a secret can't be opened any more. */
  #secretsOf({ row, plan, job }: LiveJob, step: string, taskId: string): readonly string[] {
    const known = this.#secrets.get(taskId);
    if (known !== undefined || job === null) return known ?? [];
    const open = this.#o.values.open({ row, plan, job }, step);
    const action = actionOf(plan, step);
    const owner = this.#sourceOf(row, action)?.owner;
    return (owner === undefined ? open : this.#o.values.withOwner(open, action?.library ?? '', owner)).secrets;
  }

  /** The library, or the other workspace, that an action comes from. */
  #sourceOf(row: LiveJob['row'], action: Action | undefined) {
    return action?.library === undefined ? undefined : this.#o.revisions.get(row.revision).definitions.libraries[action.library];
  }

  /** What the end of a run means to its step. @param row null when its run was removed. @param live null when its job was. */
  async result(row: RunRow | null, taskId: string, live: LiveJob | null, step: string): Promise<StepEnded | 'never began'> {
    if (row === null) return { outcome: 'failed', error: 'Its run was removed from the history before it was over.' };
    if (row.state === 'interrupted' && (row.reason === NEVER_BEGAN || row.reason === LOST_SECRETS)) return 'never began';
    if (row.state === 'cancelled') return { outcome: 'cancelled', ...(row.reason === null ? {} : { error: row.reason }) };
    let words: { output?: Json; state?: Record<string, Json> };
    try {
      const file = join(this.#o.runs.folderOf(taskId), STEP_FOLDER, OUTPUT_FILE);
      const { output, state } = await saidBy(this.#o.runs.log(taskId), file, () =>
        live === null ? [] : this.#secretsOf(live, step, taskId),
      );
      words = { ...(output === undefined ? {} : { output }), ...(state === null ? {} : { state }) };
    } catch (error) {
      return {
        outcome: 'failed',
        error: error instanceof ToruError || !(error instanceof Error) ? toToruError(error).message : error.message,
      };
    }
    if (row.state !== 'exited' || row.exit_code !== 0)
      return { outcome: 'failed', ...words, error: this.#failureFile(taskId) ?? failureOf(row) };
    const declared = asDeclared((live === null ? undefined : actionOf(live.plan, step))?.output ?? {}, words.output);
    if ('error' in declared) return { outcome: 'failed', ...words, error: declared.error };
    return { outcome: 'completed', ...words, ...(declared.output === undefined ? {} : { output: declared.output }) };
  }

  /** Takes away what its step alone needed, and its container, where its program did not. */
  clear(taskId: string): void {
    this.#secrets.delete(taskId);
    void this.#o.leftovers.sweep();
    removeStepFolder(join(this.#o.runs.folderOf(taskId), STEP_FOLDER));
  }

  /** The container of a run of this action; null where it has none, or none yet. */
  container(action: Action, taskId: string): ContainerFacts | null {
    if (!isInContainer(action)) return null;
    try {
      return containerFacts.parse(JSON.parse(readFileSync(join(this.#o.runs.folderOf(taskId), CONTAINER_FILE), 'utf8')));
    } catch {
      return null;
    }
  }

  /** What the program of a container says of why. */
  #failureFile(taskId: string): string | null {
    try {
      return readFileSync(join(this.#o.runs.folderOf(taskId), STEP_FOLDER, FAILURE_FILE), 'utf8');
    } catch {
      return null;
    }
  }

  /** Whose the job is, as the caller of its runs. */
  #caller(user_id: string, username: string, address: string | null): Caller {
    const role = isHostsOwn(user_id) ? 'admin' : (this.#o.users.get(user_id)?.role ?? 'client');
    return { user_id, username, role, via: 'edge', sid: null, address, auth_time: 0 };
  }
}

/** What a step's run is made of. */
interface Given {
  taskId: string;
  /** The step's, below the run's. */
  folder: string;
  root: string;
  /** Where a script's `source` lies. */
  sources: string;
  context: Lookup;
  state: { before: string; out: string };
  /** Variables that tell a script where it is. */
  own: Record<string, string>;
  /** As JSON. */
  inputs: string;
  label: string;
  /** On the host. */
  artifacts: string;
}

interface Made {
  program: NonNullable<Prepared['program']>;
  passed: Prepared['passed'];
  /** Where a secret may stand that the process gets. */
  texts: string[];
  grace_s: number | null;
}

/** For an engine that stops and removes a container. */
const REMOVAL_S = 20;

type HostAction = Extract<Action, { type: 'script' }>;

function isInContainer(action: Action): action is ContainerAction {
  const runner = runnerOf(action);
  return runner === 'docker' || runner === 'pod';
}

async function onHost(
  action: Action,
  { folder, root, sources, context, state, own, inputs, artifacts }: Given,
  home: string,
): Promise<Made> {
  if (!isHostAction(action)) throw new ToruError('conflict', `A step of the type “${action.type}” has no process.`);
  const made = await programOf({ action, context, root, sources, folder, home });
  const env = {
    ...made.env,
    ...own,
    TORU_INPUTS: join(folder, 'inputs.json'),
    TORU_OUTPUT: join(folder, OUTPUT_FILE),
    ARTIFACTS_DIR: artifacts,
    STATE_DIR: state.before,
    STATE_OUT: state.out,
  };
  const files = Object.entries({ ...made.files, 'inputs.json': inputs, [OUTPUT_FILE]: '' });
  return {
    program: {
      path: made.path,
      directory: made.directory,
      files: Object.fromEntries(files.map(([name, text]) => [`${STEP_FOLDER}/${name}`, text])),
    },
    passed: { args: made.args, env, stdin: null },
    texts: [...made.args, ...Object.values(env), ...files.map(([, text]) => text)],
    grace_s: null,
  };
}

/** Of a script: its text, its inputs, its output, and what a few programs leave. */
const FEW_FILES = 8;

/** The end of a step waits for no folder, nor for one that can't be removed. A few files go at once: 0.1 to 0.2 ms of processor time for the 0.7 to 0.9 of a recursive `rm` (three files, 1,500 folders). */
function removeStepFolder(folder: string): void {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.length <= FEW_FILES && entries.every((entry) => !entry.isDirectory())) {
      for (const { name } of entries) unlinkSync(join(folder, name));
      return rmdirSync(folder);
    }
  } catch {
    // Somebody writes into it still, or it is gone.
  }
  rm(folder, { recursive: true, force: true }).catch(() => undefined);
}

const isHostAction = (action: Action): action is HostAction => action.type === 'script' && action.runner === 'local';

const textsOf = ({ entrypoint, command, files }: ContainerStep, env: Record<string, string>, inputs: string): string[] => [
  ...(entrypoint ?? []),
  ...(command ?? []),
  ...Object.values(env),
  ...Object.values(files),
  inputs,
];

/** Those that the process gets: in JSON, a text may be written otherwise than it is. */
function secretsIn(secrets: readonly string[], texts: readonly string[]): string[] {
  return secrets.filter(
    (secret) => secret !== '' && texts.some((text) => text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1))),
  );
}

function isSecret(written: unknown): boolean {
  return typeof written === 'string' && /^\{\{ secret\./.test(written);
}

function failureOf({ state, reason, exit_code, signal }: RunRow): string {
  if (reason !== null) return reason;
  if (exit_code !== null) return `It ended with exit code ${exit_code}.`;
  return signal === null ? `It ended as ${state}.` : `It was ended by the signal ${signal}.`;
}
