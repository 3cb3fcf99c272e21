import { defineConfig } from 'vitest/config';
import { TallyReporter } from './tools/tally-reporter.ts';

const ui = ['worker/ui/**'];
const e2e = { testTimeout: 60_000, hookTimeout: 60_000, globalSetup: './test/harness/build-once.ts' };

const full = process.env['TORU_FAULTS'] === 'full';
const faults = full ? { testTimeout: 600_000, hookTimeout: 120_000 } : {};
/** Waits for the platform's own idle clock, which a busy machine puts off. Forced, the same is tested in worker/test/relay.test.ts. */
const onlyFull = full ? [] : ['test/faults/eviction.test.ts'];

/** `npm test` runs all projects; `npm test -- agent/runs` what stands there; `npm test -- --project browser` one of them. */
export default defineConfig({
  test: {
    pool: 'forks',
    // Tests start real processes of their own: more workers than this, and they starve each other on a small machine.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    passWithNoTests: true,
    reporters: ['default', new TallyReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{agent,embedded,plugin-sdk/test,shared,tools}/**/*.test.ts', 'worker/ui/**/*.test.{ts,tsx}'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'edge',
          include: ['worker/**/*.test.ts'],
          exclude: ui,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'integration', include: ['test/{harness,integration}/**/*.test.ts'], ...e2e, sequence: { groupOrder: 2 } } },
      // Real crashes in real time, two files at once. `npm run test:faults` does all of it at full size.
      {
        test: { name: 'faults', include: ['test/faults/**/*.test.ts'], exclude: onlyFull, ...e2e, ...faults, sequence: { groupOrder: 4 } },
      },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...e2e, maxWorkers: 1, sequence: { groupOrder: 3 } } },
    ],
  },
});
