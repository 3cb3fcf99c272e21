import { execa } from 'execa';
import { root } from './root.ts';

/** The slowest stand first: they run side by side, two at a time on two cores, and types rebuild only what changed. */
const CHECKS = {
  types: ['node_modules/typescript/bin/tsc', '-b', '--pretty'],
  'lint and format': ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--max-diagnostics=200'],
  'unused code': ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'],
  boundaries: ['tools/boundaries.ts'],
  docs: ['tools/docs.ts'],
  words: ['tools/glossary.ts'],
  languages: ['tools/languages.ts'],
};

/** `npm run check`: all of them, so that one run shows everything there is to fix. Each is told when it ends, with its seconds. */
async function check(name: string, args: readonly string[]): Promise<string | null> {
  const env = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const began = performance.now();
  const result = await execa(process.execPath, args, { cwd: root, stdin: 'ignore', all: true, reject: false, env });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${result.failed ? '✗' : '✓'} ${name} (${seconds} s)\n${result.failed ? `${result.all.trim()}\n\n` : ''}`);
  return result.failed ? name : null;
}

const ended = await Promise.all(Object.entries(CHECKS).map(([name, args]) => check(name, args)));
const failed = ended.filter((name) => name !== null);
process.stdout.write(failed.length > 0 ? `check failed: ${failed.join(', ')}\n` : 'check passed\n');
process.exitCode = failed.length > 0 ? 1 : 0;
