import * as z from 'zod';
import { action, hook, task } from './definition.ts';
import { type FlowEffect, type FlowEvent, flowEvent, type Job, job, type Plan } from './job.ts';
import { reduce } from './reduce.ts';

/** What tests of the engine begin with. */

const planInput = z.object({
  task: z.unknown(),
  actions: z.record(z.string(), z.unknown()).optional(),
  hooks: z.record(z.string(), z.array(z.unknown())).optional(),
});

const ACTIONS = { a: { type: 'noop' }, child: { type: 'task', task: 'other' }, ask: { type: 'approval' } };

/** A plan of a task's flow, written with as few words as possible: actions `a` (a step), `child` and `ask` are there. */
export function planOf(given: z.input<typeof planInput>): Plan {
  const { task: its, actions, hooks } = planInput.parse(given);
  return {
    workspace: 'w',
    revision: '1',
    task_name: 't',
    task: task.parse(its),
    actions: z.record(z.string(), action).parse({ ...ACTIONS, ...actions }),
    workspace_hooks: {
      on_success: z.array(hook).parse(hooks?.['on_success'] ?? []),
      on_error: z.array(hook).parse(hooks?.['on_error'] ?? []),
    },
  };
}

/** A job, and what was asked for, event after event. */
export class Story {
  readonly plan: Plan;
  readonly effects: FlowEffect[] = [];
  /** Effects of the last event. */
  last: FlowEffect[] = [];
  job: Job;
  now = 1000;

  constructor(plan: Plan, created: Partial<z.input<typeof flowEvent>> = {}) {
    this.plan = plan;
    this.job = this.#take(null, { type: 'created', id: 'j', input: {}, source: 'api', ...created });
  }

  /** An event, a millisecond later unless it says when. */
  on(event: { type: FlowEvent['type']; [field: string]: unknown }): this {
    this.job = this.#take(this.job, event);
    return this;
  }

  started(step: string, attempt = 1): this {
    return this.on({ type: 'step_started', step, attempt });
  }

  ended(
    step: string,
    outcome: 'completed' | 'failed' | 'cancelled' = 'completed',
    more: { output?: unknown; attempt?: number; error?: string } = {},
  ): this {
    return this.on({ type: 'step_ended', step, attempt: 1, outcome, ...more });
  }

  /** State of each step, instances aside. */
  get states(): Record<string, string> {
    return Object.fromEntries(this.job.steps.map(({ name, state }) => [name, state]));
  }

  get asked(): string[] {
    return this.last.map(({ key }) => key);
  }

  #take(before: Job | null, event: object): Job {
    this.now += 1;
    const parsed = flowEvent.parse({ at: this.now, ...event });
    this.now = parsed.at;
    const { job: after, effects } = reduce(this.plan, before === null ? null : frozen(before), parsed);
    this.last = effects;
    this.effects.push(...effects);
    return job.parse(JSON.parse(JSON.stringify(after)));
  }
}

/** A job that nobody can change. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    for (const inside of Object.values(Object.freeze(value))) frozen(inside);
  return value;
}
