import { spawn } from 'node:child_process';
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
  const { code, output } = await run(args);
  process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name}\n`);
  if (code !== 0) {
    failed.push(name);
    process.stdout.write(`${output.trim()}\n\n`);
  }
}
process.stdout.write(failed.length > 0 ? `check failed: ${failed.join(', ')}\n` : 'check passed\n');
process.exitCode = failed.length > 0 ? 1 : 0;

function run(args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...color } });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}
