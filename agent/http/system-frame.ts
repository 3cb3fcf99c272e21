import type * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import type { Caller } from '../users/caller.ts';
import type { Permission } from '../users/permissions.ts';

/** The answer of a system to a page: `type` begins with the system's name. */
export type SystemAnswer = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A frame of a system's own, which a page may send beside the frames of shared/browser-protocol.ts. */
export interface SystemFrame {
  /** Of the frame: `notes.add`. */
  readonly type: string;
  readonly permission: Permission;
  /** @param send to the page that sent the frame. @throws ToruError bad_frame when the frame does not fit the schema. */
  receive(caller: Caller, frame: unknown, send: (answer: SystemAnswer) => void): Promise<void>;
}

/** A frame as its room declares it; agent/systems.ts registers it. @param handle its errors are answered to the page. */
export function systemFrame<Schema extends z.ZodType>(
  type: string,
  permission: Permission,
  schema: Schema,
  handle: (caller: Caller, frame: z.infer<Schema>, send: (answer: SystemAnswer) => void) => Promise<void> | void,
): SystemFrame {
  return {
    type,
    permission,
    receive: async (caller, frame, send) => {
      const parsed = schema.safeParse(frame);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new ToruError('bad_frame', `“${issue?.path.join('.') ?? ''}”: ${issue?.message ?? 'not as expected'}`);
      }
      await handle(caller, parsed.data, send);
    },
  };
}
