import { execa } from 'execa';
import { root } from './root.ts';

const CHECKS = {
  types: ['node_modules/typescript/bin/tsc', '-b', '--pretty'],
  'lint and format': ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--max-diagnostics=200'],
  boundaries: ['tools/boundaries.ts'],
  'unused code': ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'],
  docs: ['tools/docs.ts'],
};

/** `npm run check`: all of them, so that one run shows everything there is to mend. */
const failed: string[] = [];
for (const [name, args] of Object.entries(CHECKS)) {
  const env = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const result = await execa(process.execPath, args, { cwd: root, stdin: 'ignore', all: true, reject: false, env });
  process.stdout.write(`${result.failed ? '✗' : '✓'} ${name}\n`);
  if (result.failed) {
    failed.push(name);
    process.stdout.write(`${result.all.trim()}\n\n`);
  }
}
process.stdout.write(failed.length > 0 ? `check failed: ${failed.join(', ')}\n` : 'check passed\n');
process.exitCode = failed.length > 0 ? 1 : 0;
