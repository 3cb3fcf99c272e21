import { describe } from 'vitest';

/** The tests of runs once more, with the shell wrapper: what a host gets that can run no native runner. */
process.env['TORU_TEST_RUNNER'] = 'shell';
const SUITES = ['runs', 'stop', 'story', 'recover', 'output-limit', 'end-of-input', 'environment', 'cgroup'];
for (const name of SUITES) describe(name, () => import(`./${name}.test.ts`));
