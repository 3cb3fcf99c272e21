import * as z from 'zod';

/** The options of a choice that a script says. */

/** POST /api/actions/:id/options. `inputs`: the answers so far. */
export const optionsRequest = z.strictObject({ input: z.string().min(1).max(40), inputs: z.record(z.string(), z.unknown()).default({}) });

export interface ScriptOption {
  value: string;
  label?: string;
}
