import * as z from 'zod';
import { time } from './api.ts';

export const script = z.object({
  /** Path below scripts_dir, `/` between folders. */
  name: z.string(),
  size: z.int(),
  modified_at: time,
  /** The first comment line after the shebang, if it has one. */
  description: z.string(),
  runnable: z.boolean(),
  /** Why it can't run, with the command that fixes it. */
  problem: z.string().nullable(),
});
export type Script = z.infer<typeof script>;
