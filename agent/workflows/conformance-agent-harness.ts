import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { outputOf } from '../../shared/flow/context.ts';
import type { Json } from '../../shared/flow/job.ts';
import { type Job, job as jobSchema } from '../../shared/workflows.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import { UNTIL_MS } from '../until.ts';
import type { Caller } from '../users/caller.ts';
import { type Expectation, type Fate, fateOf, type Happening, type JobCase, workflowOf } from './conformance-harness.ts';
import { durationSeconds } from './language/duration.ts';

/** The cases of conformance/ through a real agent: its API, its database, its timers, and a process for each step. */

/** The time at which a case begins, in ms, as on the reducer. */
const BEGIN = 1_000_000;
const STEP = 'step.sh';
/** What a step's process does: it asks the test, and does what it hears. */
const STEP_TEXT = `#!/bin/sh
ask=asks/$TORU_JOB_ID.$TORU_STEP.$TORU_ATTEMPT
mkfifo "$ask.new" && exec 3<>"$ask.new" && mv "$ask.new" "$ask" || exit 9
while read -r what rest <&3; do
  case $what in
    says) printf 'OUTPUT: %s\\n' "$rest" ;;
    gives) printf '%s' "$rest" > "$TORU_OUTPUT" ;;
    inputs) cat "$TORU_INPUTS" > "$TORU_OUTPUT" ;;
    ends) exit "$rest" ;;
  esac
done
`;
/** What an agent says of a process that ended with 1. */
const FAILED = 'It ended with exit code 1.';

/** A step that waits for its word. */
interface Ask {
  job: string;
  step: string;
  attempt: number;
}

interface JobRow {
  job_id: string;
  task: string;
  state: string;
  parent_job: string | null;
  parent_step: string | null;
  parent_attempt: number | null;
}

const JOB = 'SELECT job_id, task, state, parent_job, parent_step, parent_attempt FROM jobs';

/** One agent for all cases. Its clock stands still but for what a case waits. */
export class CasesAgent {
  readonly api: ApiHarness;
  readonly folder: string;
  #cases = 0;

  private constructor(api: ApiHarness) {
    this.api = api;
    this.folder = mkdtempSync(join(tmpdir(), 'toru-cases-'));
    vi.useFakeTimers({ toFake: ['Date'] });
    // When a run ended is the runner's word, whose clock is the machine's.
    api.db.exec(`CREATE TEMP TABLE clock (at INTEGER NOT NULL); INSERT INTO clock VALUES (0);
      CREATE TEMP TRIGGER clock_of_runs AFTER UPDATE OF ended_at ON task_history WHEN NEW.ended_at IS NOT NULL
      BEGIN UPDATE task_history SET ended_at = (SELECT at FROM clock) WHERE task_id = NEW.task_id; END`);
  }

  static async start(): Promise<CasesAgent> {
    return new CasesAgent(await makeApi());
  }

  /** A folder with the case's definitions, in which every `noop` is a script. */
  makeFolder(text: string): { name: string; folder: string } {
    this.#cases += 1;
    const name = `case-${this.#cases}`;
    const folder = join(this.folder, name);
    mkdirSync(join(folder, '.workflows'), { recursive: true });
    mkdirSync(join(folder, 'asks'));
    writeFileSync(join(folder, STEP), STEP_TEXT);
    writeFileSync(join(folder, '.workflows/case.yaml'), text);
    return { name, folder };
  }

  get now(): number {
    return Date.now();
  }

  set now(at: number) {
    vi.setSystemTime(at);
    this.api.db.prepare('UPDATE clock SET at = ?').run(at);
  }

  /** @throws with the answer, where it is no good one */
  async good(method: string, path: string, body?: unknown, as: Partial<Caller> = {}): Promise<unknown> {
    const answer = await this.ask(method, path, body, as);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  ask(method: string, path: string, body?: unknown, as: Partial<Caller> = {}): ReturnType<ApiHarness['ask']> {
    return this.api.ask({ ...this.api.admin, auth_time: this.now, ...as }, method, path, body);
  }

  all<T>(sql: string, ...values: (string | number)[]): T[] {
    return this.api.db.prepare<(string | number)[], T>(sql).all(...values);
  }

  async close(): Promise<void> {
    vi.useRealTimers();
    await this.api.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Every step without a process gets one. */
function withProcesses(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withProcesses);
  if (typeof value !== 'object' || value === null) return value;
  const inside = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withProcesses(item)]));
  return inside['type'] === 'noop' ? { ...inside, type: 'script', source: STEP } : inside;
}

/** A task above that starts the next one, for cases that begin some jobs deep. */
function withParents(definitions: unknown, depth: number): unknown {
  const {
    actions = {},
    tasks = {},
    ...rest
  } = z
    .looseObject({ actions: z.looseObject({}), tasks: z.looseObject({}) })
    .partial()
    .parse(definitions);
  const levels = Array.from({ length: depth }, (_, at) => at);
  return {
    ...rest,
    actions: {
      ...actions,
      ...Object.fromEntries(levels.map((at) => [`to-${at}`, { type: 'task', task: at === 0 ? 't' : `above-${at - 1}` }])),
    },
    // What starts itself only sometimes may be as deep as it likes, to validation.
    tasks: {
      ...tasks,
      ...Object.fromEntries(levels.map((at) => [`above-${at}`, { flow: { down: { action: `to-${at}`, when: 'true' } } }])),
    },
  };
}

/** A case, played through the agent. */
export class AgentTrial {
  readonly #agent: CasesAgent;
  readonly #case: JobCase;
  #name = '';
  #folder = '';
  #root = '';
  readonly #asked = new Set<string>();
  /** Those that were told nothing yet. */
  readonly #held = new Set<string>();
  /** Those that the case itself ends, in no way of the flow. */
  readonly #byHand = new Set<string>();

  constructor(agent: CasesAgent, of: JobCase) {
    this.#agent = agent;
    this.#case = of;
  }

  async begin(): Promise<void> {
    const agent = this.#agent;
    const { depth, input, state, retry, chance } = this.#case;
    vi.spyOn(Math, 'random').mockReturnValue(chance);
    agent.now = BEGIN;
    const definitions = withParents(withProcesses(parse(workflowOf(this.#case))), depth);
    const { name, folder } = agent.makeFolder(JSON.stringify(definitions));
    [this.#name, this.#folder] = [name, folder];
    const made = z
      .object({ problems: z.array(z.unknown()), error: z.string().nullable() })
      .parse(await agent.good('POST', '/api/workspaces', { name, type: 'folder', path: folder }));
    if (made.problems.length > 0 || made.error !== null) throw new Error(JSON.stringify(made));
    if (Object.keys(state).length > 0)
      agent.api.db
        .prepare(`INSERT INTO task_states (workspace, task, job_id, number, state) VALUES (?, 't', 'before', 1, ?)`)
        .run(name, JSON.stringify(state));
    // The answer does not wait for a look that takes long.
    await this.#until(() => agent.all('SELECT 1 FROM workspaces WHERE name = ? AND checked_at IS NOT NULL', name).length > 0);
    const task = depth === 0 ? 't' : `above-${depth - 1}`;
    await agent.good('POST', `/api/workspaces/${name}/tasks/${task}/execute`, { input });
    this.#findRoot();
    await this.#follow();
    for (let before = 0; before < retry; before += 1) {
      const [timer] = agent.all<{ due: number }>(`SELECT due FROM timers WHERE name LIKE ?`, `retry/${this.#root}/%`);
      if (timer === undefined) throw new Error('The task is not tried again.');
      await this.#wait((timer.due - agent.now) / 1000);
      this.#findRoot();
    }
  }

  async happen(what: Happening): Promise<void> {
    const agent = this.#agent;
    const answer = async (step: string, by: string, body: object): Promise<void> =>
      void (await agent.ask('POST', `/api/jobs/${this.#root}/steps/${step}/approve`, body, { username: by }));
    // What has no use for it answers so, and stays as it is.
    if ('wait' in what) await this.#wait(durationSeconds(what.wait) ?? 0);
    else if ('approve' in what)
      await answer(what.approve, what.by, { approved: true, ...(what.input === undefined ? {} : { input: what.input }) });
    else if ('reject' in what) await answer(what.reject, what.by, { approved: false, rejection_reason: what.reason });
    else if ('cancel' in what) await agent.ask('POST', `/api/jobs/${this.#root}/cancel`, undefined, { username: what.cancel });
    else if ('end' in what) await this.#end(what.end, what.attempt, what.as);
    else if ('says' in what) this.#tell({ job: this.#root, step: what.says, attempt: what.attempt }, `says ${JSON.stringify(what.output)}`);
    else if ('rerun' in what) await agent.ask('POST', `/api/jobs/${this.#root}/rerun`, what.rerun === null ? {} : { from: what.rerun });
    else throw new Error(`not for an agent: ${JSON.stringify(what)}`);
    await this.#follow();
  }

  /** What is expected, as it is. */
  async found(wanted: Expectation): Promise<Expectation> {
    const agent = this.#agent;
    const job = await this.#job();
    const named = <T>(names: object | undefined, read: (step: Job['steps'][number] | undefined) => T): Record<string, T> =>
      Object.fromEntries(Object.keys(names ?? {}).map((name) => [name, read(job.steps.find((step) => step.name === name))]));
    const runs = agent.all<{ step: string; attempt: number; task_id: string; state: string }>(
      'SELECT step, attempt, r.task_id, h.state FROM job_runs AS r JOIN task_history AS h USING (task_id) WHERE job_id = ? ORDER BY r.rowid',
      this.#root,
    );
    const children = agent.all<JobRow>(`${JOB} WHERE parent_job = ? ORDER BY rowid`, this.#root);
    const attempts = [
      ...runs.map(({ step, attempt, task_id, state }) => ({ step, attempt, id: task_id, state })),
      ...children.map(({ parent_step, parent_attempt, job_id, state }) => ({
        step: parent_step ?? '',
        attempt: parent_attempt ?? 0,
        id: job_id,
        state,
      })),
    ];
    const live = agent.api.services.workflows.store.load(this.#root);
    const [retry] = agent.all<{ due: number }>('SELECT due FROM timers WHERE name LIKE ?', `retry/${this.#root}/%`);
    const all: Expectation = {
      job: job.state,
      steps: named(wanted.steps, (step) => step?.state ?? 'none'),
      outputs: named(wanted.outputs, (step) => step?.output ?? null),
      errors: named(wanted.errors, (step) => step?.error ?? ''),
      output: live?.job == null ? null : outputOf(live.plan, live.job),
      error: job.error ?? '',
      begun: attempts.map(({ step, attempt }) => (attempt === 1 ? step : `${step}#${attempt}`)).sort(),
      asked_to_end: attempts.flatMap(({ step, id, state }) => (state === 'cancelled' && !this.#byHand.has(id) ? [step] : [])),
      hooks: agent
        .all<JobRow>(`${JOB} WHERE source = 'hook' AND source_id = ? ORDER BY rowid`, this.#root)
        .map(({ task }) => task.slice(task.indexOf(':') + 1)),
      retry_job_after: retry === undefined ? null : (retry.due - agent.now) / 1000,
    };
    return Object.fromEntries(Object.entries(all).filter(([key]) => Object.hasOwn(wanted, key)));
  }

  /** The sentence of an attempt that failed is the agent's; of a cancel it is whose it was. */
  asSaid(text: string): string {
    const { attempts, happens } = this.#case;
    const fates = [...Object.values(attempts).flat(), ...happens.flatMap((what) => ('end' in what ? [what.as] : []))];
    const sentences = fates.flatMap((fate) => (typeof fate === 'object' && 'failed' in fate ? [fate.failed] : []));
    const failed = [...sentences, 'exit status 1'].reduce((said, sentence) => said.replaceAll(sentence, FAILED), text);
    return happens.some((what) => 'cancel' in what && what.cancel === failed) ? `${failed} cancelled it.` : failed;
  }

  /** Leaves nothing behind: no process, no timer. */
  async end(): Promise<void> {
    const agent = this.#agent;
    if (this.#name === '') return;
    const live = agent.all<JobRow>(`${JOB} WHERE state IN ('pending', 'running', 'suspended')`);
    for (const { job_id } of live) await agent.ask('POST', `/api/jobs/${job_id}/cancel`);
    this.#case.attempts = {};
    await this.#until(() => {
      this.#answer();
      return agent.all(`${JOB} WHERE state IN ('pending', 'running', 'suspended')`).length === 0 && this.#open().length === 0;
    });
    agent.api.db.prepare('DELETE FROM timers').run();
    await agent.good('DELETE', `/api/workspaces/${this.#name}`);
    rmSync(this.#folder, { recursive: true, force: true });
    vi.restoreAllMocks();
  }

  /** The newest job of the case's task. */
  #findRoot(): void {
    const [newest] = this.#agent.all<JobRow>(`${JOB} WHERE workspace = ? AND task = 't' ORDER BY rowid DESC LIMIT 1`, this.#name);
    if (newest === undefined) throw new Error('The task was not begun.');
    this.#root = newest.job_id;
  }

  async #job(): Promise<Job> {
    return jobSchema.parse(await this.#agent.good('GET', `/api/jobs/${this.#root}`));
  }

  async #wait(seconds: number): Promise<void> {
    const agent = this.#agent;
    const until = agent.now + seconds * 1000;
    for (;;) {
      const [next] = agent.all<{ name: string; due: number }>(
        'SELECT name, due FROM timers WHERE due <= ? ORDER BY due, name LIMIT 1',
        until,
      );
      if (next === undefined) break;
      agent.now = Math.max(agent.now, next.due);
      // Whatever is written looks at the clock.
      await agent.api.services.workflows.driver.transact(() => undefined);
      await this.#until(() => agent.all('SELECT 1 FROM timers WHERE name = ? AND due = ?', next.name, next.due).length === 0);
      await this.#follow();
    }
    agent.now = until;
    await this.#follow();
  }

  /** Until all that follows by itself has happened: nothing is to be done, and what runs waits for a word. */
  #follow(): Promise<void> {
    return this.#until(() => {
      this.#answer();
      return (
        this.#agent.all('SELECT 1 FROM job_effects').length === 0 &&
        this.#open().every((open) => open.stopping === 0 && this.#held.has(keyOf(open)))
      );
    });
  }

  #open(): (Ask & { stopping: number })[] {
    return this.#agent.all(
      `SELECT job_id AS job, step, attempt, cancel_requested_at IS NOT NULL AS stopping
         FROM job_runs JOIN task_history USING (task_id) WHERE is_open = 1`,
    );
  }

  /** Tells every step that asks what it comes to. */
  #answer(): void {
    for (const entry of readdirSync(join(this.#folder, 'asks'))) {
      const [, job = '', step = '', attempt = ''] = /^([\w-]+)\.(.+)\.(\d+)$/.exec(entry) ?? [];
      if (job === '' || this.#asked.has(entry)) continue;
      const ask = { job, step, attempt: Number(attempt) };
      this.#asked.add(entry);
      void this.#come(ask, this.#fateOf(ask));
    }
  }

  #fateOf({ job, step, attempt }: Ask): Fate | undefined {
    const [row] = this.#agent.all<JobRow>(`${JOB} WHERE job_id = ?`, job);
    if (row?.task === 't') return fateOf(this.#case, step, attempt);
    // A child comes to what its step is said to come to.
    const [above] = this.#agent.all<JobRow>(`${JOB} WHERE job_id = ?`, row?.parent_job ?? '');
    const fate = above?.task === 't' ? fateOf(this.#case, row?.parent_step ?? '', row?.parent_attempt ?? 1) : undefined;
    return typeof fate === 'object' && 'output' in fate ? { output: Object(fate.output)[step] ?? null } : fate;
  }

  async #end(step: string, attempt: number, fate: Fate): Promise<void> {
    await this.#come({ job: this.#root, step, attempt }, fate);
    await this.#until(() => !this.#open().some((open) => keyOf(open) === keyOf({ job: this.#root, step, attempt })));
  }

  async #come(ask: Ask, fate: Fate | undefined): Promise<void> {
    if (fate === 'hangs' || fate === 'unmatched') return void this.#held.add(keyOf(ask));
    if (fate === 'cancelled') return this.#cancel(ask);
    if (fate === undefined) return this.#tell(ask, 'inputs', 'ends 0');
    if (fate === 'completed') return this.#tell(ask, 'ends 0');
    if (fate === 'failed' || 'failed' in fate) return this.#tell(ask, 'ends 1');
    this.#tell(ask, `gives ${JSON.stringify(fate.output satisfies Json)}`, 'ends 0');
  }

  async #cancel({ job, step, attempt }: Ask): Promise<void> {
    const agent = this.#agent;
    const [run] = agent.all<{ task_id: string }>(
      'SELECT task_id FROM job_runs WHERE job_id = ? AND step = ? AND attempt = ?',
      job,
      step,
      attempt,
    );
    const id = job === this.#root ? (run?.task_id ?? '') : job;
    this.#byHand.add(id);
    await agent.good('POST', job === this.#root ? `/api/runs/${id}/cancel` : `/api/jobs/${id}/cancel`);
  }

  /** A word for a step's process; one that is gone hears none. */
  #tell(ask: Ask, ...words: string[]): void {
    const key = keyOf(ask);
    if (!this.#open().some((open) => keyOf(open) === key)) return;
    if (words.at(-1)?.startsWith('ends')) this.#held.delete(key);
    const fd = openSync(join(this.#folder, 'asks', key), constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(fd, `${words.join('\n')}\n`);
    closeSync(fd);
  }

  async #until(is: () => boolean): Promise<void> {
    const begun = performance.now();
    while (!is()) {
      if (performance.now() - begun > UNTIL_MS)
        throw new Error(`It came to no rest: ${this.#root === '' ? '' : JSON.stringify(await this.#job())}`);
      await sleep(2);
    }
  }
}

const keyOf = ({ job, step, attempt }: Ask): string => `${job}.${step}.${attempt}`;
