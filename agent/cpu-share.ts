import { performance } from 'node:perf_hooks';

const SAMPLE_MS = 50;

/**
 * Which part of the loop's working time it had a processor, from 0 to 1. On a busy machine others have it meanwhile, and a
 * clock that is read before and after some work counts their time, too.
 */
export class CpuShare {
  #share = 1;
  #at = performance.now();
  #active = performance.eventLoopUtilization().active;
  #cpu = process.cpuUsage();

  /** As of the last moments: asking the system costs 5 µs, so it is seldom done. */
  get now(): number {
    if (performance.now() - this.#at < SAMPLE_MS) return this.#share;
    const { active } = performance.eventLoopUtilization();
    const { user, system } = process.cpuUsage(this.#cpu);
    // Without work there is nothing to tell. Other threads of the process count as well: then it is nearer to 1.
    if (active - this.#active >= 1) this.#share = Math.min(1, Math.max(LEAST, (user + system) / 1000 / (active - this.#active)));
    this.#at = performance.now();
    this.#active = active;
    this.#cpu = process.cpuUsage();
    return this.#share;
  }
}

/** A sample that is too short to be true gives nobody their time for nothing. */
const LEAST = 0.05;
