import { defineConfig } from 'vitest/config';
import { TallyReporter } from './tools/tally-reporter.ts';
import { COMPILE_CACHE } from './tools/test-compile-cache.ts';
import { TestOrder } from './tools/test-order.ts';
import { FULL, slowness } from './tools/test-pace.ts';
import { testTemp } from './tools/test-temp.ts';

// What starts here inherits it.
const temp = testTemp();
if (temp !== undefined) process.env['TMPDIR'] = temp;
process.env['NODE_COMPILE_CACHE'] ??= COMPILE_CACHE;

/**
 * What hangs is told from what waits for its turn; nothing is measured. With a path to run, after ten seconds of a machine that
 * has nothing else to do; all files together make their machine busy, and get more.
 */
const some = process.argv.slice(2).some((arg) => !arg.startsWith('-') && arg.includes('/'));
const pollMs = some && !FULL ? 10_000 * slowness() : 60_000;
const timeouts = { testTimeout: Math.max(60_000, 2 * pollMs), hookTimeout: 120_000, expect: { poll: { timeout: pollMs } } };
/** What is looked at there is behind a browser or a network: each look costs milliseconds of the processor. */
const rarely = { expect: { poll: { timeout: pollMs, interval: 100 } } };
const e2e = { ...timeouts, ...rarely, testTimeout: 180_000, hookTimeout: 180_000, globalSetup: './test/harness/build-once.ts' };

/** They wait for real deadlines and slow lines, up to a minute where nothing else runs. */
const faults = { testTimeout: FULL ? 600_000 : 300_000 };
/** Waits for the platform's own idle clock, which a busy machine puts off. Forced, the same is tested in worker/test/relay.test.ts. */
const onlyFull = FULL ? [] : ['test/faults/cost.test.ts', 'test/faults/eviction.test.ts'];

/** The tests of runs go over both: the native runner, and the shell wrapper that a host gets which can run none. */
const OVER_BOTH = ['runs', 'stop', 'story', 'recovery', 'output-limit', 'end-of-input', 'environment', 'cgroup', 'tty'];

/**
 * `npm test` runs all projects; `npm test -- agent/runs` what stands there; `npm test -- --project browser` one of them.
 * Projects with the global setup drive what was built, and build first where that is stale; the others read the sources.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    // A process of its own for each file would cost two seconds in three of what the small ones take. A file puts back what it changes.
    isolate: false,
    unstubEnvs: true,
    // Files that start real processes of their own, on a small machine: of six, three or four are waiting for something.
    // At full size each takes the machine for itself.
    maxWorkers: FULL ? 1 : 6,
    reporters: ['default', new TallyReporter()],
    sequence: { sequencer: TestOrder },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{agent,embedded,plugin-sdk/test,test/corpus,tools}/**/*.test.ts'],
          ...timeouts,
        },
      },
      {
        extends: true,
        test: {
          name: 'shell',
          include: [`agent/runs/**/{${OVER_BOTH.join()}}.test.ts`],
          env: { TORU_TEST_RUNNER: 'shell' },
          ...timeouts,
        },
      },
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['shared/**/*.test.ts', 'worker/{account,host,http,icons,ui}/**/*.test.{ts,tsx}'],
          ...timeouts,
        },
      },
      { extends: true, test: { name: 'edge', include: ['worker/test/**/*.test.ts'], ...timeouts } },
      { extends: true, test: { name: 'integration', include: ['test/{harness,integration}/**/*.test.ts'], ...e2e } },
      // Real crashes in real time. `npm run test:faults` does all of it at full size.
      { extends: true, test: { name: 'faults', include: ['test/faults/**/*.test.ts'], exclude: onlyFull, ...e2e, ...faults } },
      { extends: true, test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...e2e } },
    ],
  },
});
