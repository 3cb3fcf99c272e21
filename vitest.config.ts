import { configDefaults, defineConfig } from 'vitest/config';
import { TallyReporter } from './tools/tally-reporter.ts';
import { COMPILE_CACHE } from './tools/test-compile-cache.ts';
import { TestOrder } from './tools/test-order.ts';
import { FULL, namesTests, slowness } from './tools/test-pace.ts';
import { testTemp } from './tools/test-temp.ts';
import { THOROUGH } from './tools/thorough-tests.ts';

// What starts here inherits it.
const temp = testTemp();
if (temp !== undefined) process.env['TMPDIR'] = temp;
process.env['NODE_COMPILE_CACHE'] ??= COMPILE_CACHE;
const named = namesTests(process.argv.slice(2));
if (named || FULL) delete process.env['TORU_TESTS'];
const quick = process.env['TORU_TESTS'] === 'quick';

/** Waits for the platform's own idle clock, which a busy machine puts off. Forced, the same is tested in worker/test/relay.test.ts. */
const onlyFull = FULL ? [] : ['test/faults/cost.test.ts', 'test/faults/eviction.test.ts'];
/** The files of other parts than the one that runs. */
const exclude = [...configDefaults.exclude, ...onlyFull, ...(quick ? Object.keys(THOROUGH) : [])];

/**
 * What hangs is told from what waits for its turn; nothing is measured. With a path to run, after ten seconds of a machine that
 * has nothing else to do; all files together make their machine busy, and get more.
 */
const some = process.argv.slice(2).some((arg) => !arg.startsWith('-') && arg.includes('/'));
const pollMs = some && !FULL ? 10_000 * slowness() : 60_000;
const timeouts = { exclude, testTimeout: Math.max(60_000, 2 * pollMs), hookTimeout: 120_000, expect: { poll: { timeout: pollMs } } };
/** What is looked at there is behind a browser or a network: each look costs milliseconds of the processor. */
const rarely = { expect: { poll: { timeout: pollMs, interval: 100 } } };
const e2e = { ...timeouts, ...rarely, testTimeout: 180_000, hookTimeout: 180_000, globalSetup: './test/harness/build-once.ts' };

/** They wait for real deadlines and slow lines, up to a minute where nothing else runs. */
const faults = { testTimeout: FULL ? 600_000 : 300_000 };

/** The tests of runs go over both: the native runner, and the shell wrapper that a host gets which can run none. */
const OVER_BOTH = ['runs', 'stop', 'story', 'recovery', 'output-limit', 'end-of-input', 'environment', 'cgroup', 'tty'];
/** What differs most between the two; the other files say the same of a run, whatever started it. */
const QUICK_OVER_BOTH = ['output-limit', 'end-of-input'];

/**
 * `npm test` runs every test, `npm run test:quick` the quick part of all projects; `npm test -- agent/runs` all that stand there;
 * `npm test -- --project browser` one project.
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
          include: [`agent/runs/**/{${(quick ? QUICK_OVER_BOTH : OVER_BOTH).join()}}.test.ts`],
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
      { extends: true, test: { name: 'faults', include: ['test/faults/**/*.test.ts'], ...e2e, ...faults } },
      { extends: true, test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...e2e } },
    ],
  },
});
