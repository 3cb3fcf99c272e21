import * as z from 'zod';
import { scrollbackQuery, terminalId } from '../../../shared/terminals.ts';

/** What agent and screen worker say to each other. */

const position = z.int().nonnegative();
/** Where the log of a terminal is, and which part of it: `start` is the first byte that is kept. */
const log = { id: terminalId, folder: z.string(), start: position, end: position };

const screenSize = { cols: z.int().optional(), rows: z.int().optional() };

export const toWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('draw'), seq: z.int(), ...log }),
  /** The last lines that were printed, as a screen high enough would show them. */
  z.object({ type: z.literal('lines'), seq: z.int(), ...log, lines: z.int(), format: scrollbackQuery.shape.format }),
  /** Those above the screen as it is at `end`, without the last `skip`. */
  z.object({
    type: z.literal('above'),
    seq: z.int(),
    ...log,
    lines: z.int(),
    skip: z.int(),
    format: scrollbackQuery.shape.format,
    ...screenSize,
  }),
  /** So that the next one is drawn sooner. */
  z.object({ type: z.literal('feed'), ...log }),
  z.object({ type: z.literal('drop'), id: terminalId }),
]);
export type ToWorker = z.infer<typeof toWorker>;

export const fromWorker = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('drawn'),
    seq: z.int(),
    screen: z.object({ data: z.string(), cursor: position, cols: z.int(), rows: z.int() }),
  }),
  z.object({ type: z.literal('lines'), seq: z.int(), text: z.string() }),
  z.object({ type: z.literal('failed'), seq: z.int(), message: z.string() }),
]);
export type FromWorker = z.infer<typeof fromWorker>;
