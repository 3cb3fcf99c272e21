import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesOf } from './find-files.ts';
import { loadWorkspace } from './load-workspace.ts';
import { problemLine } from './problem.ts';

const root = join(import.meta.dirname, '../../..');
const examples = join(root, 'examples/workflows');

for (const name of readdirSync(examples)) {
  test(`the example ${name} is read without a problem`, () => {
    const { problems, definitions } = loadWorkspace(filesOf(join(examples, name)));
    expect(problems.map(problemLine)).toEqual([]);
    expect(Object.keys(definitions?.tasks ?? {})).not.toEqual([]);
  });
}

test('what the documentation shows of files is read without a problem', () => {
  const text = readFileSync(join(root, 'docs/workflows.md'), 'utf8');
  const [first = ''] = [...text.matchAll(/```yaml\n(tasks:[\s\S]*?)```/g)].map(([, yaml]) => yaml);
  expect(loadWorkspace([{ path: 'docs/workflows.md', text: first }]).problems).toEqual([]);
});
