import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { contextOf, outputOf } from '../../shared/flow/context.ts';
import type { Definitions } from '../../shared/flow/definition.ts';
import { type FlowEffect, flowEvent, type Job, type Json, type Plan } from '../../shared/flow/job.ts';
import { reduce } from '../../shared/flow/reduce.ts';
import { findStep, partsOfName } from '../../shared/flow/steps.ts';
import { TemplateError } from '../../shared/flow/template/error.ts';
import { renderValue } from '../../shared/flow/template.ts';
import { shallowJson } from '../../shared/json.ts';
import { durationSeconds } from './language/duration.ts';
import { loadWorkspace } from './language/load-workspace.ts';

/** The cases of conformance/, and a run of one on the reducer. conformance/README.md says what each field means. */

const fate = z.union([
  z.enum(['completed', 'failed', 'cancelled', 'hangs', 'unmatched']),
  z.strictObject({ output: shallowJson }),
  z.strictObject({ failed: z.string() }),
]);

const expectation = z.strictObject({
  job: z.string().optional(),
  steps: z.record(z.string(), z.string()).optional(),
  outputs: z.record(z.string(), shallowJson).optional(),
  errors: z.record(z.string(), z.string()).optional(),
  output: shallowJson.optional(),
  error: z.string().optional(),
  begun: z.array(z.string()).optional(),
  hooks: z.array(z.string()).optional(),
  asked_to_end: z.array(z.string()).optional(),
  retry_job_after: z.number().nullable().optional(),
});
export type Expectation = z.infer<typeof expectation>;

const happening = z.union([
  z.strictObject({ wait: z.string() }),
  z.strictObject({ approve: z.string(), by: z.string().default('ada'), input: shallowJson.optional() }),
  z.strictObject({ reject: z.string(), by: z.string().default('ada'), reason: z.string().default('') }),
  z.strictObject({ cancel: z.string() }),
  z.strictObject({ end: z.string(), attempt: z.int().default(1), as: fate }),
  z.strictObject({ says: z.string(), attempt: z.int().default(1), output: shallowJson }),
  z.strictObject({ take: z.string(), attempt: z.int().default(1) }),
  z.strictObject({ host: z.enum(['lost', 'back']) }),
  z.strictObject({ rerun: z.string().nullable() }),
  z.strictObject({ expect: expectation }),
]);

/** Why a case can't be played through an agent. */
const whyNot = z.string().min(20).optional();

const jobCase = z.strictObject({
  name: z.string(),
  flow: z.string().optional(),
  task: z.string().optional(),
  workflow: z.string().optional(),
  input: z.record(z.string(), shallowJson).default({}),
  state: z.record(z.string(), shallowJson).default({}),
  source: z.string().default('api'),
  depth: z.int().default(0),
  retry: z.int().default(0),
  chance: z.number().default(0.5),
  no_agent: whyNot,
  attempts: z.record(z.string(), z.union([fate, z.array(fate)])).default({}),
  happens: z.array(happening).default([]),
  expect: expectation.default({}),
});
export type JobCase = z.infer<typeof jobCase>;

const place = z.strictObject({ at: z.string(), says: z.string() });
const problemCase = z.strictObject({ name: z.string(), workflow: z.string(), problems: z.array(place).min(1) });
const definitionCase = z.strictObject({ name: z.string(), workflow: z.string(), defines: z.record(z.string(), shallowJson) });
const templateCase = z.strictObject({
  template: z.string(),
  gives: shallowJson.optional(),
  fails: z.strictObject({ at: z.int(), says: z.string() }).optional(),
});

const file = z.union([
  z.strictObject({ no_agent: whyNot, jobs: z.array(jobCase) }),
  z.strictObject({ problems: z.array(problemCase) }),
  z.strictObject({ definitions: z.array(definitionCase) }),
  z.strictObject({ context: z.record(z.string(), shallowJson), templates: z.array(templateCase) }),
]);

const FOLDER = join(import.meta.dirname, '../../conformance/cases');

/** The groups of cases, by the names of their files. */
export function readCases(): { group: string; cases: z.infer<typeof file> }[] {
  return readdirSync(FOLDER)
    .toSorted()
    .map((name) => ({ group: name.replace(/\.yaml$/, ''), cases: file.parse(parse(readFileSync(join(FOLDER, name), 'utf8'))) }));
}

/** How the frame of README.md declares an input, by the value that a case gives it. */
function fieldOf(value: unknown): object {
  if (Array.isArray(value)) return { ...fieldOf(value[0]), multiple: true, options: [], allow_custom: true };
  if (typeof value === 'number' || typeof value === 'boolean') return { type: typeof value };
  return { type: typeof value === 'object' && value !== null ? 'anything' : 'string' };
}

const indented = (text: string, by: number): string => text.trimEnd().replace(/^(?=.)/gm, ' '.repeat(by));

/** The YAML of a case: its own, or the frame of README.md around its task or flow. */
export function workflowOf({ workflow, task, flow, input }: JobCase): string {
  if (workflow !== undefined) return workflow;
  const declared = { ...Object.fromEntries(Object.entries(input).map(([name, value]) => [name, fieldOf(value)])), missing: fieldOf('') };
  return [
    'connection_types: { anything: {} }',
    'actions:',
    '  ok: { type: noop }',
    '  ask: { type: approval, message: Go? }',
    '  sub: { type: task, task: sub }',
    'tasks:',
    '  sub: { flow: { only: { action: ok } } }',
    '  t:',
    `    input: ${JSON.stringify(declared)}`,
    task === undefined ? `    flow:\n${indented(flow ?? '', 6)}` : indented(task, 4),
    '',
  ].join('\n');
}

export const load = (text: string): ReturnType<typeof loadWorkspace> => loadWorkspace([{ path: 'case.yaml', text }]);

function planOf({ tasks, actions, on_success, on_error }: Definitions): Plan {
  const task = tasks['t'];
  if (task === undefined) throw new Error('The case has no task t.');
  return { workspace: 'w', revision: '1', task_name: 't', task, actions, workspace_hooks: { on_success, on_error } };
}

export type Happening = z.infer<typeof happening>;
export type Fate = z.infer<typeof fate>;
interface Ending {
  outcome: 'completed' | 'failed' | 'cancelled';
  output?: Json;
  error?: string;
}

/** A run of a case. Whatever follows by itself follows before the next thing happens; time goes on only by `wait`. */
export class Trial {
  readonly #case: JobCase;
  readonly #plan: Plan;
  #job: Job;
  /** Seconds are what cases count in. */
  #now = 1_000_000;
  readonly #timers = new Map<string, number>();
  readonly #running = new Map<string, { step: string; attempt: number; type: 'step_ended' | 'child_ended' }>();
  readonly #ends: { step: string; attempt: number; ending: Ending }[] = [];
  readonly #seen: { begun: string[]; hooks: string[]; asked_to_end: string[]; retry_job_after: number | null } = {
    begun: [],
    hooks: [],
    asked_to_end: [],
    retry_job_after: null,
  };

  constructor(of: JobCase) {
    this.#case = of;
    const { definitions, problems } = load(workflowOf(of));
    if (definitions === null) throw new Error(problems.map(({ line, column, message }) => `${line}:${column} ${message}`).join('\n'));
    this.#plan = planOf(definitions);
    const { input, state, source, depth, retry } = of;
    this.#job = this.#take(null, { type: 'created', id: 'j', input, source, depth, retry, state });
    this.#follow();
  }

  happen(what: Happening): void {
    if ('wait' in what) this.#wait(durationSeconds(what.wait) ?? 0);
    else if ('approve' in what) this.#on({ type: 'approved', step: what.approve, by: what.by, input: what.input });
    else if ('reject' in what) this.#on({ type: 'rejected', step: what.reject, by: what.by, reason: what.reason });
    else if ('cancel' in what) this.#on({ type: 'cancel', reason: what.cancel });
    else if ('end' in what) this.#end({ step: what.end, attempt: what.attempt, ending: endingOf(what.as) });
    else if ('says' in what) this.#on({ type: 'output', step: what.says, attempt: what.attempt, output: what.output });
    else if ('take' in what) this.#ends.push({ step: what.take, attempt: what.attempt, ending: this.#noop(what.take, this.#job) });
    else if ('host' in what) this.#on({ type: `host_${what.host}` });
    else if ('rerun' in what) this.#on({ type: 'rerun_from', step: what.rerun });
    this.#follow();
  }

  /** What is expected, as it is. */
  found(wanted: Expectation): Expectation {
    const ofSteps = <T>(names: Record<string, T> | undefined, read: (name: string) => T): Record<string, T> =>
      Object.fromEntries(Object.keys(names ?? {}).map((name) => [name, read(name)]));
    const all: Expectation = {
      job: this.#job.state,
      steps: ofSteps(wanted.steps, (name) => findStep(this.#job, name)?.state ?? 'none'),
      outputs: ofSteps(wanted.outputs, (name) => findStep(this.#job, name)?.output ?? null),
      errors: ofSteps(wanted.errors, (name) => findStep(this.#job, name)?.error ?? ''),
      output: outputOf(this.#plan, this.#job),
      error: this.#job.error ?? '',
      ...this.#seen,
    };
    return Object.fromEntries(Object.entries(all).filter(([key]) => Object.hasOwn(wanted, key)));
  }

  #take(job: Job | null, event: object): Job {
    const parsed = flowEvent.parse({ at: this.#now, chance: this.#case.chance, ...event });
    const after = reduce(this.#plan, job, parsed);
    for (const effect of after.effects) this.#do(effect, after.job);
    return after.job;
  }

  /** What is written down between two events is enough. */
  #on(event: object): void {
    this.#job = this.#take(JSON.parse(JSON.stringify(this.#job)), event);
  }

  #follow(): void {
    for (let next = this.#ends.shift(); next !== undefined; next = this.#ends.shift()) {
      if (next.ending.error === 'unmatched') {
        this.#on({ type: 'unmatched', step: next.step, attempt: next.attempt, lacks: ['gpu'], has: ['local'] });
        continue;
      }
      if (findStep(this.#job, next.step)?.state === 'ready') this.#on({ type: 'step_started', step: next.step, attempt: next.attempt });
      if (next.ending.outcome === 'completed' || next.ending.error !== 'hangs') this.#end(next);
    }
  }

  #end({ step, attempt, ending }: { step: string; attempt: number; ending: Ending }): void {
    const type = this.#running.get(`${step}:${attempt}`)?.type ?? 'step_ended';
    this.#running.delete(`${step}:${attempt}`);
    this.#on({ type, step, attempt, ...ending });
  }

  #wait(seconds: number): void {
    const until = this.#now + seconds * 1000;
    for (;;) {
      const [next] = [...this.#timers].filter(([, due]) => due <= until).toSorted(([, a], [, b]) => a - b);
      if (next === undefined) break;
      const [timer, due] = next;
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, due);
      this.#on({ type: 'timer', timer });
      this.#follow();
    }
    this.#now = until;
  }

  #do(effect: FlowEffect, job: Job): void {
    switch (effect.type) {
      case 'start_step':
      case 'start_child': {
        const { step, attempt } = effect;
        if (this.#running.has(`${step}:${attempt}`)) return;
        this.#seen.begun.push(attempt === 1 ? step : `${step}#${attempt}`);
        this.#running.set(`${step}:${attempt}`, { step, attempt, type: effect.type === 'start_child' ? 'child_ended' : 'step_ended' });
        this.#ends.push({ step, attempt, ending: this.#fateOf(step, attempt, job) });
        return;
      }
      case 'cancel_step':
      case 'cancel_child':
        this.#seen.asked_to_end.push(effect.step);
        this.#ends.push({ step: effect.step, attempt: effect.attempt, ending: { outcome: 'cancelled' } });
        return;
      case 'set_timer':
        this.#timers.set(effect.timer, effect.due);
        return;
      case 'clear_timer':
        this.#timers.delete(effect.timer);
        return;
      case 'fire_hooks':
        this.#seen.hooks.push(effect.on);
        return;
      case 'retry_job':
        this.#seen.retry_job_after = (effect.due - this.#now) / 1000;
        return;
      default:
    }
  }

  #fateOf(step: string, attempt: number, job: Job): Ending {
    const fate = fateOf(this.#case, step, attempt);
    return fate === undefined ? this.#noop(step, job) : endingOf(fate);
  }

  /** A step that ends at once gives its input. */
  #noop(step: string, job: Job): Ending {
    const input = this.#plan.task.flow[partsOfName(step).step]?.input ?? {};
    try {
      return { outcome: 'completed', output: renderValue(input, contextOf(this.#plan, job, step)) };
    } catch (thrown) {
      if (!(thrown instanceof TemplateError)) throw thrown;
      return { outcome: 'failed', error: thrown.message };
    }
  }
}

/** What an attempt comes to, as the case says; undefined: what `noop` does. */
export function fateOf({ attempts }: JobCase, step: string, attempt: number): Fate | undefined {
  const given = attempts[step] ?? attempts[`${partsOfName(step).step}[*]`];
  return Array.isArray(given) ? (given[attempt - 1] ?? given.at(-1)) : given;
}

function endingOf(given: Fate): Ending {
  if (typeof given === 'object') {
    return 'output' in given ? { outcome: 'completed', output: given.output } : { outcome: 'failed', error: given.failed };
  }
  if (given === 'hangs' || given === 'unmatched') return { outcome: 'failed', error: given };
  return given === 'failed' ? { outcome: 'failed', error: 'exit status 1' } : { outcome: given };
}
