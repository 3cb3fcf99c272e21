import { cpuOf, memoryOf } from '../workflows/language/resources.ts';
import type { Limits } from './order.ts';

/** An action's `resources`, which were checked with its file. */
export function limitsOf(resources: { cpu?: string | undefined; memory?: string | undefined } | undefined): Limits {
  return {
    cpu_m: resources?.cpu === undefined ? null : cpuOf(resources.cpu),
    memory_bytes: resources?.memory === undefined ? null : memoryOf(resources.memory),
  };
}
