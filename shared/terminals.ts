import * as z from 'zod';
import { numberIn, pageQuery, time } from './api.ts';
import type { Cursor } from './browser-protocol.ts';
import { cursor } from './browser-protocol.ts';
import type { ErrorCode } from './errors.ts';
import { userId, uuid } from './ids.ts';
import { notAfter } from './in-time.ts';
import { MAX_COLS, MAX_ROWS, MAX_STDIN_FRAME } from './limits.ts';
import { outputQuery } from './runs.ts';
import { sizeFields as size } from './terminal-size.ts';
import { visibleName } from './visible-name.ts';

/**
 * Terminals: shells that outlive every viewer, the edge and the agent. Their shapes, what may be asked about them, and their frames
 * of the browser's WebSocket, each of which names its `terminal_id`.
 */

export const terminalId = uuid;

const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => text.startsWith('/') && !text.includes('\0'), 'an absolute path');
const filePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.includes('\0'), 'a path without NUL');
const word = z
  .string()
  .max(128 * 1024)
  .refine((text) => !text.includes('\0'), 'text without NUL');

export const terminalKind = z.enum(['shell', 'agent', 'action']);
/** `suspended`: put away by its viewers, and frozen where `frozen` says so. */
export const terminalState = z.enum(['running', 'suspended', 'ended']);
export const attention = z.enum(['none', 'bell', 'permission', 'idle', 'done', 'stalled']);
/** How a program says that it is, by `toru status` in its hooks. */
export const programState = z.enum(['working', 'idle', 'done', 'needs-input']);
export type ProgramState = z.infer<typeof programState>;
/** What a user may do with a terminal that is shared with them. */
export const shareRight = z.enum(['look', 'type']);
export type ShareRight = z.infer<typeof shareRight>;

export const terminal = z.object({
  id: terminalId,
  name: z.string(),
  kind: terminalKind,
  /** The folder of /api/folders that it is in. */
  folder: uuid.nullable(),
  cwd: z.string(),
  /** What runs in place of a login shell. */
  command: z.array(z.string()).nullable(),
  shell: z.string(),
  /** Names of the variables that were given to it; their values are not shown. */
  env_names: z.array(z.string()),
  state: terminalState,
  frozen: z.boolean(),
  /** Of its program, once it ended. */
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  /** Why it ended, in a sentence, where that was not its program's own end. */
  reason: z.string().nullable(),
  cols: z.int(),
  rows: z.int(),
  /** Opened again after a reboot of the host. */
  keep: z.boolean(),
  created_at: time,
  ended_at: time.nullable(),
  last_output_at: time.nullable(),
  last_input_at: time.nullable(),
  /** Connections that are attached to it now. */
  viewers: z.int(),
  attention,
  /** The right of whoever asks: an admin may do everything. */
  right: z.enum(['admin', ...shareRight.options]),
});
export type Terminal = z.infer<typeof terminal>;

export const terminalShare = z.object({ user_id: userId, username: z.string(), right: shareRight });
export type TerminalShare = z.infer<typeof terminalShare>;

// What may be asked

export const terminalParams = z.object({ id: terminalId });
export const terminalShareParams = z.object({ id: terminalId, user: userId });

export const terminalCreate = z.strictObject({
  name: visibleName(80).optional(),
  kind: terminalKind.exclude(['action']).default('shell'),
  folder: uuid.nullable().optional(),
  cwd: path.optional(),
  /** argv; without it a login shell. */
  command: z.array(word).min(1).max(256).optional(),
  shell: path.optional(),
  env: z.record(z.string(), z.string().max(32 * 1024)).optional(),
  cols: size.cols.default(80),
  rows: size.rows.default(24),
  keep: z.boolean().default(false),
  /** The same one never opens two. */
  request_id: uuid.optional(),
  not_after: notAfter.optional(),
});
export type TerminalCreate = z.infer<typeof terminalCreate>;

export const terminalPatch = z.strictObject({
  name: visibleName(80).optional(),
  folder: uuid.nullable().optional(),
  keep: z.boolean().optional(),
  cols: size.cols.optional(),
  rows: size.rows.optional(),
});
export type TerminalPatch = z.infer<typeof terminalPatch>;

export const terminalsQuery = z.strictObject({
  ...pageQuery,
  state: terminalState.optional(),
  folder: uuid.optional(),
});
export type TerminalsQuery = z.infer<typeof terminalsQuery>;

export const suspendRequest = z.strictObject({ freeze: z.boolean().default(false) });

/** `argv`: a process of its own in the terminal's folder and environment. `text`: typed into the terminal, as one paste. */
export const execRequest = z.union([
  z.strictObject({
    argv: z.array(word).min(1).max(256),
    /** Answers when it has ended, with its output. */
    wait: z.boolean().default(true),
    timeout_s: z.int().min(1).max(600).default(60),
  }),
  z.strictObject({
    text: z.string().min(1).max(MAX_STDIN_FRAME),
    /** Enter after it. */
    enter: z.boolean().default(true),
  }),
]);
export type ExecRequest = z.infer<typeof execRequest>;

export const execAnswer = z.object({
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  timed_out: z.boolean(),
  stdout: z.string(),
  stderr: z.string(),
  /** Output past 1 MiB of each was left out. */
  truncated: z.boolean(),
});
export type ExecAnswer = z.infer<typeof execAnswer>;

export const scrollbackQuery = z.strictObject({
  format: z.enum(['text', 'ansi']).default('text'),
  lines: numberIn(1, 100_000).default(1000),
  /** A cursor: the lines above the screen as it was there, each of them ended by a line feed; … */
  above: numberIn(0, Number.MAX_SAFE_INTEGER).optional(),
  /** … when it had this size, … */
  cols: numberIn(1, MAX_COLS).optional(),
  rows: numberIn(1, MAX_ROWS).optional(),
  /** … without the last so many of them. */
  skip: numberIn(0, 1_000_000).default(0),
});
export type ScrollbackQuery = z.infer<typeof scrollbackQuery>;

export const terminalInput = z.strictObject({
  data: z.string().min(1).max(MAX_STDIN_FRAME),
  /** The terminal's own answer to what its program asked: no person typed it. */
  answer: z.boolean().default(false),
  not_after: notAfter.optional(),
});
/** POST …/input. `viewer`: who typed, of those who follow its output by that name. */
export const terminalInputRequest = z.strictObject({ ...terminalInput.shape, viewer: uuid.optional() });
/** GET …/output. `viewer`: who follows it looks at the terminal, by a name of their own, and answers its program when it is their turn. */
export const terminalOutputQuery = z.strictObject({ ...outputQuery.shape, viewer: uuid.optional() });
export const shareRequest = z.strictObject({ right: shareRight });

/** PUT …/files: one file, its bytes as body. `path`: the folder, as one writes it in the terminal; without it the terminal's own. */
export const terminalPutQuery = z.strictObject({
  name: z
    .string()
    .min(1)
    .refine((name) => name !== '.' && name !== '..' && !/[/\0-\x1f\x7f]/.test(name), 'a name of a file, without “/” and control characters')
    .refine((name) => new TextEncoder().encode(name).length <= 255, 'a name of at most 255 bytes'),
  path: filePath.optional(),
  overwrite: z.enum(['0', '1']).default('0'),
});
/** GET …/files: the file, as one writes it in the terminal. */
export const terminalGetQuery = z.strictObject({ path: filePath });
export interface TerminalFile {
  /** Absolute. */
  path: string;
  size: number;
}

// Frames

/** The frames of a browser about a terminal. */
export const terminalFrame = z.discriminatedUnion('type', [
  /** `from`: a cursor, "tail", or "screen": first a frame that draws the screen as it is, then what comes after it. */
  z.object({
    type: z.literal('attach'),
    terminal_id: terminalId,
    from: z.union([cursor, z.literal('tail'), z.literal('screen')]).default('screen'),
  }),
  z.object({ type: z.literal('detach'), terminal_id: terminalId }),
  /** Cumulative: everything before `cursor` was taken in. Send one for every quarter of a window, at least. */
  z.object({ type: z.literal('ack'), terminal_id: terminalId, cursor }),
  z.object({ type: z.literal('input'), terminal_id: terminalId, ...terminalInput.shape }),
  /** The terminal takes this size: the one that typed or resized last decides. */
  z.object({ type: z.literal('resize'), terminal_id: terminalId, ...size }),
]);
export type TerminalFrame = z.infer<typeof terminalFrame>;
export type TerminalFrameInput = z.input<typeof terminalFrame>;

/** The frames to a browser about a terminal. */
export type TerminalServerFrame =
  /** Answers `attach`: output follows from `cursor` on. */
  | { type: 'attached'; terminal_id: string; cursor: Cursor; window: number; terminal: Terminal }
  /** `cursor`: where to resume after this frame. */
  | { type: 'output'; terminal_id: string; data: string; cursor: Cursor }
  /** `data` draws the screen as it was at `cursor`, modes and all, on an emulator that was reset. */
  | { type: 'screen'; terminal_id: string; data: string; cursor: Cursor; cols: number; rows: number }
  | { type: 'size'; terminal_id: string; cols: number; rows: number }
  | { type: 'gap'; terminal_id: string; from: Cursor; to: Cursor }
  /**
   * What the program asks of its terminal (its kind, its cursor, its colours) where its output goes on at `from` is for this viewer to
   * answer, or no longer. After `attached` it is not, until this says so: a terminal is answered by one of its viewers.
   */
  | { type: 'answers'; terminal_id: string; answers: boolean; from: Cursor }
  /** Its program ended, and all that it printed was sent. */
  | { type: 'exit'; terminal_id: string; code: number | null; signal: string | null; reason: string | null }
  | { type: 'detached'; terminal_id: string }
  /** Also for `input` that was refused: nothing of that frame was typed. */
  | { type: 'error'; terminal_id: string; code: ErrorCode; data: string }
  /** On the topic `terminals`: one that was opened or changed, … */
  | { type: 'terminal'; terminal_id: string; terminal: Terminal }
  /** … or is there no longer. */
  | { type: 'terminal_removed'; terminal_id: string };
