import * as z from 'zod';
import { MAX_STDIN_FRAME } from './limits.ts';

/** Input that is typed into a run: a frame of the browser's socket, and the body of POST /api/runs/:id/input. */
export const runInput = z.object({
  data: z.string().max(MAX_STDIN_FRAME).default(''),
  /** After `data` the script reads the end of its input, once and for ever. */
  eof: z.boolean().default(false),
});
