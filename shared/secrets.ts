import * as z from 'zod';

/** Secrets that the host keeps for its actions and workflows. They are written and used, and never read back. */

export const secretName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'letters, digits and underscores, not beginning with a digit, at most 64');

export const secretParam = z.object({ name: secretName });

/** Of one workspace of workflows; without one, for everything on the host. */
const workspace = z.string().min(1).max(64);

export const MAX_SECRET_BYTES = 64 * 1024;

export const secretQuery = z.object({ workspace: workspace.optional() });

export const secretWrite = z.object({
  value: z
    .string()
    .min(1, 'a secret has at least one character')
    .refine((text) => new TextEncoder().encode(text).length <= MAX_SECRET_BYTES, 'a secret has at most 64 KiB')
    .refine((text) => !text.includes('\0'), 'a NUL character can’t be passed to a script')
    .refine((text) => !/\p{Surrogate}/u.test(text), 'half of a character (a lone surrogate) can’t be passed to a script'),
  workspace: workspace.optional(),
});

/** What is told of a stored secret. */
export interface StoredSecret {
  name: string;
  workspace: string | null;
  updated_at: string;
  updated_by: string;
  /** So short that it is not masked in output: shorter ones would hide ordinary words. */
  shown_in_output: boolean;
}
