import { expect, it } from 'vitest';
import { namesTests } from './test-pace.ts';

it.each([
  ['run agent/runs', true],
  ['run agent', true],
  ['run test/browser/press.test.ts --maxWorkers=1', true],
  ['run -t cancel', true],
  ['run --testNamePattern=cancel', true],
  ['run --project unit', false],
  ['run --project browser --maxWorkers 4', false],
  ['run --project unit agent/store', true],
  ['run --no-color agent/store', true],
  ['run', false],
  ['watch --project pure --project unit --project edge', false],
])('%s: it names tests: %s', (line, names) => expect(namesTests(line.split(' '))).toBe(names));
