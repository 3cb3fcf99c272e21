import * as z from 'zod';
import { numberIn, time } from './api.ts';

/** One sample, taken every 2 s while somebody looks. Sizes in bytes, load in 0–100. */
export const systemSample = z.object({
  time,
  cpu: z.number(),
  memory_used: z.number(),
  memory_total: z.number(),
  load_1m: z.number(),
  network_rx_per_s: z.number(),
  network_tx_per_s: z.number(),
});
export type SystemSample = z.infer<typeof systemSample>;

export const system = z.object({
  host_name: z.string(),
  platform: z.string(),
  distro: z.string(),
  kernel: z.string(),
  cpu_model: z.string(),
  cores: z.int(),
  uptime_s: z.number(),
  agent: z.object({ version: z.string(), pid: z.int(), uptime_s: z.number(), memory: z.number(), node: z.string() }),
  /** How this host stands with its edge; null without one. */
  edge: z
    .object({
      origin: z.string(),
      linked: z.boolean(),
      /** Why it is not linked, for a person. */
      problem: z.string().nullable(),
      /** The edge does not know this host, or no longer: it is to be paired. An older agent does not say. */
      unknown: z.boolean().optional(),
      /** The key that the edge has to prove; null before the first link with one that has a key. */
      key: z.string().nullable(),
      /** The last agent that came with this host's key while this one was linked. */
      duplicate: z.object({ at: time, address: z.string(), name: z.string() }).nullable(),
    })
    .nullish(),
  disks: z.array(z.object({ mount: z.string(), size: z.number(), used: z.number() })),
  sample: systemSample,
  /** The last minutes, oldest first, as far as anyone was looking. */
  history: z.array(systemSample),
});
export type System = z.infer<typeof system>;

/** GET /api/system/day: the last day, a sample for so many minutes. */
export const systemDayQuery = z.strictObject({ step: numberIn(1, 60).default(5) });

/** GET /api/system/processes: `cpu` is of one core, so that 250 means two and a half; `memory` in bytes. */
export interface SystemProcess {
  pid: number;
  name: string;
  cpu: number;
  memory: number;
}

/** A threshold of the settings was crossed; `over`: it is over. */
export const systemAlert = z.object({
  what: z.enum(['cpu', 'memory', 'disk']),
  /** Which disk; null for the others. */
  mount: z.string().nullable(),
  percent: z.number(),
  threshold: z.number(),
  over: z.boolean(),
});
export type SystemAlert = z.infer<typeof systemAlert>;
