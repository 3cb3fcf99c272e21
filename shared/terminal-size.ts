import * as z from 'zod';
import { numberIn } from './api.ts';
import { uuid } from './ids.ts';
import { MAX_COLS, MAX_ROWS } from './limits.ts';

/** The size of a terminal in characters, of one by itself and of a run's. */
export const sizeFields = { cols: z.int().min(1).max(MAX_COLS), rows: z.int().min(1).max(MAX_ROWS) };
export const terminalSize = z.strictObject(sizeFields);

/** Of a run's terminal. `viewer`: the name that a viewer chose for itself, by which it finds in the output that the size is its own. */
export const runSizeFields = { ...sizeFields, viewer: uuid.optional() };
export const runSize = z.strictObject(runSizeFields);
export type RunSize = z.infer<typeof runSize>;

/** GET /api/runs/:id/terminal. `at`: a cursor of its output. */
export const runTerminalQuery = z.strictObject({ at: numberIn(0, Number.MAX_SAFE_INTEGER) });
/** The terminal of a run where its output goes on at a cursor: what sets its modes in one that was reset, and the size that it has there. */
export const runTerminal = z.object({ modes: z.string(), cols: z.int(), rows: z.int(), viewer: z.string().nullable() });
export type RunTerminal = z.infer<typeof runTerminal>;
