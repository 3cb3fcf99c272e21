/**
 * How little memory the agent's process does with. Whoever starts it gives it both: embedded/start.ts, and the unit that
 * `toru service install` writes.
 */

/**
 * Checking a password takes 19 MiB for a moment. By default glibc learns from the first one to keep such a block for ever
 * (mallopt(3), M_MMAP_THRESHOLD); with a fixed limit it goes back: 96 MB at rest instead of 116. And each
 * thread gets a heap of its own (M_ARENA_MAX), most of it never used again: one for all is about a megabyte less. With the first fixed,
 * the end of the heap goes back after every frame of output (M_TRIM_THRESHOLD, 128 KiB): from 1 MiB on only, a flood costs the
 * agent 8 % less CPU time.
 */
export const AGENT_ENV = {
  MALLOC_MMAP_THRESHOLD_: String(1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(1024 * 1024),
  MALLOC_ARENA_MAX: '1',
} as const;

/**
 * A flood of output is short-lived strings, which V8 answers by a larger young generation: 34 to 67 MB of it.
 * With 1 GB printed and watched, the agent grew by 30 to 64 MB without the flag and by 13 with it, for the same CPU time
 * (6.1 s against 5.9); with 4 MiB instead of 8 it was 7.4 s.
 */
export const AGENT_FLAGS = ['--max-semi-space-size=8'] as const;
