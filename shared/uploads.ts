import * as z from 'zod';
import { actionId, uuid } from './ids.ts';

/** Files for the inputs of a press: sent first, each with its own request, then named by the press. */

/** POST /api/uploads, with the file's bytes as its body. */
export const uploadQuery = z.strictObject({
  action: actionId,
  input: z.string().min(1).max(40),
  /** The file's name, as the person has it. */
  name: z.string().min(1).max(255),
});
export type UploadQuery = z.infer<typeof uploadQuery>;

/** `id` is the answer that a press gives to that input. */
export const upload = z.object({ id: uuid, name: z.string(), size: z.int() });
export type Upload = z.infer<typeof upload>;

export const uploadParams = z.object({ id: uuid });
