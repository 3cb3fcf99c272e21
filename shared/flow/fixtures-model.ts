import type { Step } from './definition.ts';
import type { Fate } from './fixtures-world.ts';
import type { Plan } from './job.ts';

/**
 * A second, naive model of the language's tables: what each step comes to when every attempt comes to its fate. Written from the
 * tables and not from the reducer; slow, and simple.
 */
export function expectedStates(plan: Plan, fate: (step: string, attempt: number) => Fate): Record<string, string> {
  const known: Record<string, { state: string; ok: boolean }> = {};
  const of = (name: string): { state: string; ok: boolean } => {
    known[name] ??= compute(name);
    return known[name];
  };

  function compute(name: string): { state: string; ok: boolean } {
    const step = plan.task.flow[name];
    if (step === undefined) throw new Error(name);
    const deps = step.depends_on.map((dependency) => of(dependency).state);
    if (!step.continue_on_failure) {
      if (deps.includes('failed') || deps.includes('cancelled')) return { state: 'skipped', ok: false };
      if (deps.length > 0 && deps.every((state) => state === 'skipped')) return { state: 'skipped', ok: false };
    }
    const condition = conditionOf(step);
    if (condition !== 'run') return { state: condition, ok: false };
    if (step.for_each === undefined) return attempts(name, step);
    if (!Array.isArray(step.for_each)) return { state: 'failed', ok: false };
    if (step.for_each.length === 0) return { state: 'skipped', ok: false };
    const states: string[] = [];
    for (let index = 0; index < step.for_each.length; index += 1) {
      const isStopped = step.sequential && !step.continue_on_failure && states.some((state) => state !== 'completed');
      states.push(isStopped ? 'skipped' : attempts(`${name}[${index}]`, step).state);
    }
    if (step.continue_on_failure) return { state: 'completed', ok: false };
    if (states.includes('failed')) return { state: 'failed', ok: false };
    return { state: states.includes('cancelled') ? 'cancelled' : 'completed', ok: false };
  }

  function conditionOf(step: Step): 'run' | 'skipped' | 'failed' {
    if (step.when === undefined || step.when === 'yes') return 'run';
    if (step.when.includes('missing')) return 'failed';
    const [, dependency] = /\{\{ (\w+)\.output/.exec(step.when) ?? [];
    if (dependency === undefined) return 'skipped';
    const { state, ok } = of(dependency);
    return state === 'completed' && ok ? 'run' : 'skipped';
  }

  function attempts(name: string, step: Step): { state: string; ok: boolean } {
    const action = plan.actions[step.action];
    const most = action?.type === 'approval' ? 1 : (step.retry?.max_attempts ?? action?.retry?.max_attempts ?? 1);
    for (let attempt = 1; attempt <= most; attempt += 1) {
      const { outcome, ok } = fate(name, attempt);
      if (outcome === 'completed') return { state: 'completed', ok: ok && action?.type !== 'approval' };
      // Nobody cancels a question.
      if (outcome === 'cancelled') return { state: action?.type === 'approval' ? 'failed' : 'cancelled', ok: false };
    }
    return { state: 'failed', ok: false };
  }

  return Object.fromEntries(Object.keys(plan.task.flow).map((name) => [name, of(name).state]));
}

export function expectedJob(plan: Plan, states: Record<string, string>): string {
  const hurting = Object.entries(states).filter(([name]) => plan.task.flow[name]?.continue_on_failure !== true);
  if (hurting.some(([, state]) => state === 'failed')) return 'failed';
  if (hurting.some(([, state]) => state === 'cancelled')) return 'cancelled';
  return Object.values(states).every((state) => state === 'skipped') ? 'skipped' : 'completed';
}
