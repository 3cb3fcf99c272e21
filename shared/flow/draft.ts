import type { Action, Step } from './definition.ts';
import { type Graph, graphOf } from './graph.ts';
import { type FlowEffect, isEnded, type Job, type JobInstance, type JobStep, PAGE, type Plan } from './job.ts';
import { instanceAt, instanceName, partsOfName } from './steps.ts';

/** A step (`index` null), or an instance of it. */
export interface Place {
  position: number;
  index: number | null;
}

type Changes = Partial<Omit<JobInstance, 'item'>>;
/** Distributes over the two kinds, where `Omit<FlowEffect, 'key'>` would lose them. */
type WithoutKey<T> = T extends FlowEffect ? Omit<T, 'key'> : never;

/** The next state of a job while one event makes it: a copy of what changes, the effects, and what is still to be looked at. */
export class Draft {
  readonly plan: Plan;
  readonly graph: Graph;
  /** The event's time. */
  readonly at: number;
  /** The event's chance, or the middle. */
  readonly chance: number;
  readonly job: Job;
  readonly effects: FlowEffect[] = [];
  /** Steps whose dependencies have ended, and instances that may begin. */
  readonly due: Place[] = [];
  /** Something waits for an answer since this event. */
  suspended: Place | null = null;
  /** Lists and steps that this draft made, and may change. */
  readonly #own = new WeakSet<object>();

  constructor(plan: Plan, job: Job, at: number, chance = 0.5) {
    this.plan = plan;
    this.graph = graphOf(plan);
    this.at = at;
    this.chance = chance;
    this.job = { ...job, counts: { ...job.counts } };
  }

  /** The place of a name in an event; null when the job has none. */
  place(name: string): Place | null {
    const { step, index = null } = partsOfName(name);
    const position = this.graph.position.get(step);
    if (position === undefined) return null;
    const place = { position, index };
    return this.find(place) === undefined ? null : place;
  }

  find({ position, index }: Place): JobStep | JobInstance | undefined {
    const step = this.job.steps[position];
    return step === undefined || index === null ? step : instanceAt(step, index);
  }

  get(place: Place): JobStep | JobInstance {
    const found = this.find(place);
    if (found === undefined) throw new Error(`There is no step at ${place.position}[${place.index}].`);
    return found;
  }

  step(position: number): JobStep {
    const found = this.job.steps[position];
    if (found === undefined) throw new Error(`There is no step at ${position}.`);
    return found;
  }

  name({ position, index }: Place): string {
    const name = this.graph.names[position] ?? '';
    return index === null ? name : instanceName(name, index);
  }

  flowStep(position: number): Step {
    const step = this.plan.task.flow[this.graph.names[position] ?? ''];
    if (step === undefined) throw new Error(`The plan has no step ${position}.`);
    return step;
  }

  action(position: number): Action | undefined {
    return this.plan.actions[this.flowStep(position).action];
  }

  /** Changes a step or an instance, and the counts with its state. */
  change({ position, index }: Place, changes: Changes & Pick<Partial<JobStep>, 'loop' | 'waits_for'>): void {
    const step = this.#ownStep(position);
    if (index === null) {
      this.#count(step, -1);
      Object.assign(step, changes);
      this.#count(step, 1);
      return;
    }
    const page = this.#ownPage(step, Math.floor(index / PAGE));
    const instance = page?.[index % PAGE];
    if (page === undefined || instance === undefined || step.loop === undefined) throw new Error(`There is no instance ${index}.`);
    const next = { ...instance, ...changes };
    page[index % PAGE] = next;
    this.#countMoving(instance.state, -1);
    this.#countMoving(next.state, 1);
    step.loop.open += Number(isEnded(instance.state)) - Number(isEnded(next.state));
  }

  effect(effect: WithoutKey<FlowEffect>): void {
    this.effects.push({ ...effect, key: this.#key(effect) });
  }

  #key(effect: WithoutKey<FlowEffect>): string {
    const { round } = this.job;
    switch (effect.type) {
      case 'start_step':
      case 'cancel_step':
      case 'start_child':
      case 'cancel_child':
      case 'ask':
        return `${effect.type}:${effect.step}:${effect.attempt}`;
      case 'set_timer':
      case 'clear_timer':
        return `${effect.type}:${effect.timer}:${round}`;
      case 'fire_hooks':
        return this.suspended !== null && effect.on === 'on_suspended'
          ? `on_suspended:${this.name(this.suspended)}:${this.get(this.suspended).attempt}`
          : `${effect.on}:${round}`;
      default:
        return `${effect.type}:${round}`;
    }
  }

  #ownStep(position: number): JobStep {
    if (!this.#own.has(this.job.steps)) this.job.steps = this.#made(this.job.steps.slice());
    const step = this.step(position);
    if (this.#own.has(step)) return step;
    const copy = this.#made({ ...step });
    this.job.steps[position] = copy;
    return copy;
  }

  #ownPage(step: JobStep, at: number): JobInstance[] | undefined {
    if (step.loop === undefined) return undefined;
    if (!this.#own.has(step.loop)) step.loop = this.#made({ ...step.loop, pages: step.loop.pages.slice() });
    const page = step.loop.pages[at];
    if (page === undefined || this.#own.has(page)) return page;
    const copy = this.#made(page.slice());
    step.loop.pages[at] = copy;
    return copy;
  }

  #made<T extends object>(made: T): T {
    this.#own.add(made);
    return made;
  }

  #count(step: JobStep, by: 1 | -1): void {
    if (!isEnded(step.state)) this.job.counts.open += by;
    if (step.loop === undefined) this.#countMoving(step.state, by);
  }

  #countMoving(state: JobStep['state'], by: 1 | -1): void {
    if (state === 'ready' || state === 'running') this.job.counts.active += by;
    if (state === 'suspended') this.job.counts.suspended += by;
  }
}
