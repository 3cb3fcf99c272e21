import * as z from 'zod';
import { actionFields } from './actions.ts';
import { numberIn, time } from './api.ts';
import { MAX_SCRIPT_CHARS } from './limits.ts';

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

/** Who may press it is nothing that a script says. */
export const headerFields = actionFields.omit({ id: true, script: true, allow: true }).partial();

const scriptName = z.string().min(1).max(1024);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');

export const scriptQuery = z.strictObject({ name: scriptName });
export const versionQuery = z.strictObject({ name: scriptName, version: numberIn(1, Number.MAX_SAFE_INTEGER) });

/** A text that a script had before somebody wrote another one. */
export const scriptVersion = z.object({
  version: z.int(),
  /** When it was replaced, and by whom. */
  replaced_at: time,
  user: z.string(),
  size: z.int(),
});
export type ScriptVersion = z.infer<typeof scriptVersion>;

export const scriptText = z.object({
  name: z.string(),
  content: z.string(),
  /** Of the content: a save says which one was edited. */
  sha256,
  /** The fields of an action that its first comments say; null when they say none. */
  action: headerFields.nullable(),
  /** What is wrong with these comments. */
  action_problem: z.string().nullable(),
  /** Newest first, ten at most. */
  versions: z.array(scriptVersion),
});
export type ScriptText = z.infer<typeof scriptText>;

/** PUT /api/scripts/content. `sha256`: of the content that was edited; null: there is no such script yet. */
export const scriptWrite = z.strictObject({ name: scriptName, content: z.string().max(MAX_SCRIPT_CHARS), sha256: sha256.nullable() });
export type ScriptWrite = z.infer<typeof scriptWrite>;
