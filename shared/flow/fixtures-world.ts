import type * as z from 'zod';
import { type FlowEffect, type FlowEvent, flowEvent, type Job, type Plan } from './job.ts';
import { reduce } from './reduce.ts';

/** What one attempt of a step comes to. `unmatched`: no host can take it; where `ok`, one may take it after all, on which it fails. */
export type Fate = { outcome: 'completed' | 'failed' | 'cancelled' | 'late' | 'unmatched'; ok: boolean };

type Event = z.input<typeof flowEvent>;
/** Something that may happen next, and what the world knows of it no more after it did. */
interface Possible {
  event: object;
  done(): void;
}

/**
 * A world around a job, as hosts, people and clocks make it: every effect is done, in an order that `choose` gives, and every attempt
 * comes to its fate. Each effect, event and job is kept.
 */
export class World {
  readonly plan: Plan;
  readonly effects: FlowEffect[] = [];
  readonly events: FlowEvent[] = [];
  /** After each event. */
  readonly jobs: Job[] = [];
  job: Job;
  lost = false;
  readonly #fate: (step: string, attempt: number) => Fate;
  readonly #waiting = new Map<string, { step: string; attempt: number; child: boolean }>();
  readonly #running = new Map<string, { step: string; attempt: number; child: boolean; cancelled: boolean }>();
  readonly #questions = new Map<string, { step: string; attempt: number }>();
  readonly #timers = new Map<string, number>();
  readonly #done = new Set<string>();
  /** Attempts of which the job knows that no host can take them. */
  readonly #unmatched = new Set<string>();
  #now = 1000;

  constructor(plan: Plan, fate: (step: string, attempt: number) => Fate, created: Partial<Event> = {}) {
    this.plan = plan;
    this.#fate = fate;
    this.job = this.take({ type: 'created', id: 'j', input: {}, source: 'api', ...created });
  }

  /** Attempts whose end has not been reported. */
  get inFlight(): string[] {
    return [...this.#waiting.keys(), ...this.#running.keys()];
  }

  take(event: object): Job {
    this.#now += 1;
    const parsed = flowEvent.parse({ at: this.#now, chance: 0.5, ...event });
    const { job, effects } = reduce(this.plan, this.events.length === 0 ? null : this.job, parsed);
    this.events.push(parsed);
    this.jobs.push(job);
    this.job = job;
    if ('attempt' in parsed && 'outcome' in parsed) {
      this.#waiting.delete(`${parsed.step}:${parsed.attempt}`);
      this.#running.delete(`${parsed.step}:${parsed.attempt}`);
    }
    for (const effect of effects) this.#do(effect);
    return job;
  }

  /** One of the things that may happen; false when nothing can. */
  step(choose: (among: number) => number): boolean {
    const possible = this.#possible();
    const chosen = possible[choose(possible.length) % Math.max(possible.length, 1)];
    if (chosen === undefined) return false;
    chosen.done();
    this.take(chosen.event);
    return true;
  }

  #do(effect: FlowEffect): void {
    this.effects.push(effect);
    if (effect.type === 'clear_timer') this.#timers.delete(effect.timer);
    // A timer of a name is set again in the next round.
    if (effect.type === 'set_timer') this.#timers.set(effect.timer, effect.due);
    if (effect.type === 'cancel_step' || effect.type === 'cancel_child') {
      const key = `${effect.step}:${effect.attempt}`;
      const running = this.#running.get(key) ?? this.#waiting.get(key);
      if (running !== undefined) this.#running.set(key, { ...running, cancelled: true });
      this.#waiting.delete(key);
    }
    if (this.#done.has(effect.key)) return;
    this.#done.add(effect.key);
    if (effect.type === 'start_step' || effect.type === 'start_child' || effect.type === 'ask') {
      const [key, what] = [`${effect.step}:${effect.attempt}`, { step: effect.step, attempt: effect.attempt }];
      if (effect.type === 'ask') this.#questions.set(key, what);
      else if (effect.type === 'start_child') this.#running.set(key, { ...what, child: true, cancelled: false });
      else this.#waiting.set(key, { ...what, child: false });
    }
  }

  #possible(): Possible[] {
    const starts = [...this.#waiting].flatMap(([key, { child, ...what }]): Possible[] => {
      const { outcome, ok } = this.#fate(what.step, what.attempt);
      if (outcome === 'unmatched' && !this.#unmatched.has(key))
        return [{ event: { type: 'unmatched', ...what, lacks: ['gpu'], has: ['local'] }, done: () => void this.#unmatched.add(key) }];
      if (outcome === 'unmatched' && !ok) return [];
      const done = (): void => {
        this.#waiting.delete(key);
        this.#running.set(key, { ...what, child, cancelled: false });
      };
      return [{ event: { type: 'step_started', ...what }, done }];
    });
    return [...starts, ...this.#ends(), ...this.#answers(), ...this.#dues()];
  }

  #ends(): Possible[] {
    return [...this.#running].flatMap(([key, { step, attempt, child, cancelled }]): Possible[] => {
      const { outcome, ok } = this.#fate(step, attempt);
      const done = (): void => void this.#running.delete(key);
      const type = child ? 'child_ended' : 'step_ended';
      if (cancelled) return [{ event: { type, step, attempt, outcome: 'cancelled' }, done }];
      // Its timer fires first.
      if (outcome === 'late' && this.#timers.has(`step:${step}:${attempt}:timeout`)) return [];
      return [
        {
          event: { type, step, attempt, outcome: ended(outcome), output: { ok }, error: `${step} ${attempt}` },
          done,
        },
      ];
    });
  }

  #answers(): Possible[] {
    return [...this.#questions].flatMap(([key, { step, attempt }]): Possible[] => {
      const { outcome } = this.#fate(step, attempt);
      if (outcome === 'late' && this.#timers.has(`step:${step}:${attempt}:timeout`)) return [];
      return [
        {
          event: outcome === 'completed' ? { type: 'approved', step, by: 'ada' } : { type: 'rejected', step, by: 'ada' },
          done: () => void this.#questions.delete(key),
        },
      ];
    });
  }

  /** Timers of steps fire only where this is their attempt's fate; the job's does not by itself. */
  #dues(): Possible[] {
    return [...this.#timers.keys()].flatMap((timer): Possible[] => {
      const [, step = '', attempt = '', kind] = /^step:(.+):(\d+):(timeout|retry|unmatched)$/.exec(timer) ?? [];
      if (kind !== 'retry' && kind !== 'unmatched' && (kind !== 'timeout' || this.#fate(step, Number(attempt)).outcome !== 'late'))
        return [];
      return [{ event: { type: 'timer', timer }, done: () => void this.#timers.delete(timer) }];
    });
  }
}

const ended = (outcome: Fate['outcome']): string => (outcome === 'late' || outcome === 'unmatched' ? 'failed' : outcome);
