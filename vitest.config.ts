import { defineConfig } from 'vitest/config';
import { TallyReporter } from './tools/tally-reporter.ts';
import { TestOrder } from './tools/test-order.ts';
import { FULL, slowness } from './tools/test-pace.ts';

/**
 * What hangs is told from what waits for its turn; nothing is measured. With a path to run, after ten seconds of a machine that
 * has nothing else to do; all files together make their machine busy, and get more.
 */
const some = process.argv.slice(2).some((arg) => !arg.startsWith('-') && arg.includes('/'));
const pollMs = some && !FULL ? 10_000 * slowness() : 60_000;
const timeouts = { testTimeout: Math.max(60_000, 2 * pollMs), hookTimeout: 120_000, expect: { poll: { timeout: pollMs } } };
const e2e = { ...timeouts, testTimeout: 180_000, hookTimeout: 180_000, globalSetup: './test/harness/build-once.ts' };

const faults = FULL ? { testTimeout: 600_000 } : {};
/** Waits for the platform's own idle clock, which a busy machine puts off. Forced, the same is tested in worker/test/relay.test.ts. */
const onlyFull = FULL ? [] : ['test/faults/eviction.test.ts'];

/**
 * `npm test` runs all projects; `npm test -- agent/runs` what stands there; `npm test -- --project browser` one of them.
 * Projects with the global setup drive what was built, and build first where that is stale; the others read the sources.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    // Files that start real processes of their own, on a small machine: of four, two are waiting for something.
    // At full size each takes the machine for itself.
    maxWorkers: FULL ? 1 : 4,
    reporters: ['default', new TallyReporter()],
    sequence: { sequencer: TestOrder },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{agent,embedded,plugin-sdk/test,test/corpus,tools}/**/*.test.ts'],
          ...timeouts,
        },
      },
      // No processes, no files, nothing global: a process of its own for each file would cost more than the tests in it.
      {
        test: {
          name: 'pure',
          include: ['shared/**/*.test.ts', 'worker/{account,host,http,icons,ui}/**/*.test.{ts,tsx}'],
          isolate: false,
          ...timeouts,
        },
      },
      { test: { name: 'edge', include: ['worker/test/**/*.test.ts'], ...timeouts } },
      { test: { name: 'integration', include: ['test/{harness,integration}/**/*.test.ts'], ...e2e } },
      // Real crashes in real time. `npm run test:faults` does all of it at full size.
      { test: { name: 'faults', include: ['test/faults/**/*.test.ts'], exclude: onlyFull, ...e2e, ...faults } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...e2e } },
    ],
  },
});
