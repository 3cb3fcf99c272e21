import { type Job, type JobInstance, type JobStep, PAGE } from './job.ts';

/** How instances of a step with `for_each` are named: `deploy[0]`, `deploy[1]`… */
export const instanceName = (step: string, index: number): string => `${step}[${index}]`;

/** The step of a name, and the index when it is that of an instance. */
export function partsOfName(name: string): { step: string; index?: number } {
  const found = /^(.*)\[(\d{1,5})\]$/.exec(name);
  const [, step, index] = found ?? [];
  return step === undefined || index === undefined ? { step: name } : { step, index: Number(index) };
}

/** An instance of an expanded step. */
export function instanceAt(step: JobStep, index: number): JobInstance | undefined {
  return step.loop?.pages[Math.floor(index / PAGE)]?.[index % PAGE];
}

/** The step, or the instance, of this name. */
export function findStep(job: Job, name: string): JobStep | JobInstance | undefined {
  const { step, index } = partsOfName(name);
  const found = job.steps.find((each) => each.name === step);
  return found === undefined || index === undefined ? found : instanceAt(found, index);
}

/** Every step in the order of the flow, each followed by its instances, with its name. */
export function* allSteps(job: Job): Generator<[name: string, step: JobStep | JobInstance]> {
  for (const step of job.steps) {
    yield [step.name, step];
    let index = 0;
    for (const instance of step.loop?.pages.flat() ?? []) {
      yield [instanceName(step.name, index), instance];
      index += 1;
    }
  }
}
