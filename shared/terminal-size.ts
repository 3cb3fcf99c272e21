import * as z from 'zod';

/** The size of a terminal in characters, of one by itself and of a run's. */
const MAX_COLS = 1000;
const MAX_ROWS = 1000;

export const sizeFields = { cols: z.int().min(1).max(MAX_COLS), rows: z.int().min(1).max(MAX_ROWS) };
export const terminalSize = z.strictObject(sizeFields);
