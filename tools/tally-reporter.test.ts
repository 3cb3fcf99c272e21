import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { execaNode } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { root } from './root.ts';

// Inside of the checkout, so that the files find vitest.
mkdirSync(join(root, 'test-results'), { recursive: true });
const folder = mkdtempSync(join(root, 'test-results/tally-'));
const failedFiles = join(folder, 'failed');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function tallyOf(files: Record<string, string>): Promise<string | undefined> {
  const config = `import { TallyReporter } from '${join(root, 'tools/tally-reporter.ts')}';\nexport default { test: { reporters: ['default', new TallyReporter()] } };`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of Object.entries({ 'vitest.config.ts': config, ...files })) writeFileSync(join(folder, name), text);
  const options = { cwd: folder, reject: false, env: { TORU_FAILED_FILES: failedFiles } };
  const { stdout } = await execaNode(join(root, 'node_modules/vitest/vitest.mjs'), ['run'], options);
  return stdout.trimEnd().split('\n').at(-1);
}
const head = "import { expect, test } from 'vitest';\n";

test('counts what passed, failed and was skipped', async () => {
  const a = `${head}test('1', () => {}); test('2', () => {}); test('3', () => expect(1).toBe(2)); test.runIf(false)('4', () => {});`;
  expect(await tallyOf({ 'a.test.ts': a })).toBe('2 passed, 1 failed, 1 skipped');
});

test('a file that can’t be loaded, and an error that no test caught, are failures', async () => {
  const broken = "import './missing.ts';";
  const stray = `${head}test('1', async () => { setTimeout(() => { throw new Error('stray'); }); await new Promise((done) => setTimeout(done, 50)); });`;
  expect(await tallyOf({ 'broken.test.ts': broken, 'stray.test.ts': stray })).toBe('1 passed, 2 failed');
});

test('names the files that failed, unless an error belongs to none of them', async () => {
  const stray = `${head}test('1', async () => { setTimeout(() => { throw new Error('stray'); }); await new Promise((done) => setTimeout(done, 50)); });`;
  await tallyOf({
    'good.test.ts': `${head}test('1', () => {});`,
    'bad.test.ts': `${head}test('1', () => expect(1).toBe(2));`,
    'broken.test.ts': "import './missing.ts';",
  });
  expect(readFileSync(failedFiles, 'utf8').trim().split('\n').sort()).toEqual(
    ['bad.test.ts', 'broken.test.ts'].map((name) => relative(root, join(folder, name))),
  );
  await tallyOf({ 'stray.test.ts': stray });
  expect(existsSync(failedFiles)).toBe(false);
});

test('all well says so', async () => {
  expect(await tallyOf({ 'a.test.ts': `${head}test('1', () => {});` })).toBe('1 passed, 0 failed');
});
