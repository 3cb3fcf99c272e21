import * as z from 'zod';
import { programState } from './terminals.ts';

/** What a program inside a terminal may ask for, with that terminal's token: of its own terminal, and of nothing else. */

/** The socket in TORU_HOME at which programs inside terminals are heard. As short as `api.sock`: a socket's path may have 107 bytes. */
export const TERMINAL_SOCKET = 'tty.sock';

export const ownNote = z.strictObject({
  text: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .refine((text) => !text.includes('\0'), 'text without NUL'),
});
export const ownState = z.strictObject({ state: programState });
export const ownExec = z.strictObject({
  argv: z
    .array(
      z
        .string()
        .max(128 * 1024)
        .refine((text) => !text.includes('\0'), 'text without NUL'),
    )
    .min(1)
    .max(256),
  timeout_s: z.int().min(1).max(600).default(60),
});
