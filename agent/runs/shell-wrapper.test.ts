import { describe } from 'vitest';

/** The tests of runs once more, with the shell wrapper: what a host gets that can run no native runner. */
process.env['TORU_TEST_RUNNER'] = 'shell';
const SUITES = {
  runs: () => import('./runs.test.ts'),
  stop: () => import('./life/stop.test.ts'),
  story: () => import('./life/story.test.ts'),
  recovery: () => import('./life/recovery.test.ts'),
  cgroup: () => import('./life/cgroup.test.ts'),
  'output-limit': () => import('./wrapper/output-limit.test.ts'),
  'end-of-input': () => import('./wrapper/end-of-input.test.ts'),
  environment: () => import('./life/environment.test.ts'),
};
for (const [name, suite] of Object.entries(SUITES)) describe(name, async () => void (await suite()));
