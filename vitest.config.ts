import { defineConfig } from 'vitest/config';
import { TallyReporter } from './tools/tally-reporter.ts';
import { TestOrder } from './tools/test-order.ts';

const ui = ['worker/ui/**'];
/** They tell what hangs from what waits for its turn on a busy machine, and measure nothing. */
const timeouts = { testTimeout: 120_000, hookTimeout: 120_000 };
const e2e = { testTimeout: 180_000, hookTimeout: 180_000, globalSetup: './test/harness/build-once.ts' };

const full = process.env['TORU_FAULTS'] === 'full';
const faults = full ? { testTimeout: 600_000 } : {};
/** Waits for the platform's own idle clock, which a busy machine puts off. Forced, the same is tested in worker/test/relay.test.ts. */
const onlyFull = full ? [] : ['test/faults/eviction.test.ts'];

/**
 * `npm test` runs all projects; `npm test -- agent/runs` what stands there; `npm test -- --project browser` one of them.
 * Projects with the global setup drive what was built, and build first where that is stale; the others read the sources.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    // Files that start real processes of their own, on a small machine: of three, one or two are waiting for something.
    // At full size each takes the machine for itself.
    maxWorkers: full ? 1 : 3,
    ...timeouts,
    // What is waited for may take its time; the default is one second.
    expect: { poll: { timeout: 60_000 } },
    passWithNoTests: true,
    reporters: ['default', new TallyReporter()],
    sequence: { sequencer: TestOrder },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{agent,embedded,plugin-sdk/test,shared,test/corpus,tools}/**/*.test.ts', 'worker/ui/**/*.test.{ts,tsx}'],
        },
      },
      { test: { name: 'edge', include: ['worker/**/*.test.ts'], exclude: ui } },
      { test: { name: 'integration', include: ['test/{harness,integration}/**/*.test.ts'], ...e2e } },
      // Real crashes in real time. `npm run test:faults` does all of it at full size.
      { test: { name: 'faults', include: ['test/faults/**/*.test.ts'], exclude: onlyFull, ...e2e, ...faults } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...e2e } },
    ],
  },
});
