import * as z from 'zod';
import type { ScrollbackQuery } from '../../../shared/terminals.ts';

/** What agent and screen worker say to each other. */

/** Where the log of a terminal is, and which part of it: `start` is the first byte that is kept. */
export interface LogPlace {
  id: string;
  folder: string;
  start: number;
  end: number;
}

/** Lines above the screen as it is at `end`, without the last `skip`. */
export type Above = Pick<ScrollbackQuery, 'lines' | 'skip' | 'format' | 'cols' | 'rows'>;
export type LastLines = Pick<ScrollbackQuery, 'lines' | 'format'>;

/** The worker takes it as it is: it comes from the same build, and schemas would be more than half of what the thread's start takes. */
export type ToWorker =
  | ({ type: 'draw'; seq: number } & LogPlace)
  /** The last lines that were printed, as a screen high enough would show them. */
  | ({ type: 'lines'; seq: number } & LogPlace & LastLines)
  | ({ type: 'above'; seq: number } & LogPlace & Above)
  /** So that the next one is drawn sooner. */
  | ({ type: 'feed' } & LogPlace)
  | { type: 'drop'; id: string };

const position = z.int().nonnegative();
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
