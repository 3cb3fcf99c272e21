import { buildIfStale } from '../../tools/build.ts';

/** Vitest's global setup of the projects that drive the built programs. */
export const setup = buildIfStale;
