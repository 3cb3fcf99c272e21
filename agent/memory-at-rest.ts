import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often we look. */
const LOOK_MS = 5000;
/** A process that uses less of a CPU than this is at rest. */
const REST_CPU = 0.02;
/** Less than this is not worth the 50 ms of CPU that it takes. */
const WORTH_BYTES = 4 * 1024 * 1024;

/**
 * Gives memory back when nothing has happened for a while. V8 sizes its heap by the busiest moment, collects only while it
 * allocates, and begins to shrink only after a collection; an agent at rest hardly allocates. After a start that is 11 MB.
 * @returns stops it. The timer keeps no process alive.
 */
export function collectAtRest(lookMs: number = LOOK_MS): () => void {
  const collect = collector();
  let cpu = process.cpuUsage();
  let least = 0;
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    // V8 itself gives back more, step by step, in the seconds after a collection.
    least = Math.min(least, held());
    if (user + system > lookMs * 1000 * REST_CPU || held() - least < WORTH_BYTES) return;
    collect();
    least = held();
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Bytes that the process holds for JavaScript: the heap, used or not, and the buffers beside it. */
function held(): number {
  const { total_heap_size, external_memory } = getHeapStatistics();
  return total_heap_size + external_memory;
}

/** V8's collector can be called only where it was switched on: for this one context, which nothing else is run in. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof gc !== 'function') throw new TypeError('V8 gave no collector');
  // “last-resort”: the heap’s pages are emptied and given back at once. Otherwise V8 keeps four fifths of them.
  return () => void gc({ type: 'major', execution: 'async', flavor: 'last-resort' });
}
