import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ranCommand } from './captured-io-harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'toru-validate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const validate = (...args: string[]) => ranCommand(['validate', ...args], {});

test('toru validate says where a problem is, without an agent, and ends with 1', async () => {
  mkdirSync(join(folder, '.workflows'), { recursive: true });
  writeFileSync(join(folder, '.workflows/a.yaml'), 'tasks:\n  t: { flow: { s: { action: none } } }\n');
  expect(await validate(folder)).toMatchObject({
    code: 1,
    out: `${folder}/.workflows/a.yaml:2:29 There is no action “none”. There are none yet.\n`,
  });
  const { code, out } = await validate(folder, '--json');
  expect([code, JSON.parse(out)]).toMatchObject([1, { problems: [{ file: '.workflows/a.yaml', line: 2, column: 29 }], external: [] }]);
  writeFileSync(join(folder, '.workflows/a.yaml'), 'tasks:\n  t: { flow: { s: { action: other.x } } }\n');
  expect(await validate(folder)).toMatchObject({ code: 0, out: '', err: expect.stringContaining('“other.x” is of another workspace') });
});

test('of a file its own problems are shown, and names are looked up beside it', async () => {
  const flows = join(folder, 'two', '.workflows');
  mkdirSync(flows, { recursive: true });
  writeFileSync(join(flows, 'a.yaml'), 'tasks:\n  t: { flow: { s: { action: greet } } }\n');
  writeFileSync(join(flows, 'b.yaml'), 'actions:\n  greet: { type: noop, script: x }\n');
  expect(await validate(join(flows, 'b.yaml'))).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^\/\S+\/two\/\.workflows\/b\.yaml:2:24 [^\n]+\n$/),
  });
  expect(await validate(join(flows, 'a.yaml'))).toMatchObject({
    out: '',
    code: 0,
    err: expect.stringContaining('1 problem in other files'),
  });
  writeFileSync(join(flows, 'notes.txt'), 'x');
  expect(await validate(join(flows, 'notes.txt'))).toMatchObject({ code: 125, err: expect.stringContaining('no workflow file') });
});

test('a folder that is not there, or has no files, is a failure of the command', async () => {
  expect(await validate(join(folder, 'nowhere'))).toMatchObject({ code: 125 });
  mkdirSync(join(folder, 'empty'));
  expect(await validate(join(folder, 'empty'))).toMatchObject({ code: 125, err: expect.stringContaining('no workflow files') });
});
