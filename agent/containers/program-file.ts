import { join } from 'node:path';
import { packageRoot } from '../system/package-root.ts';

/** How the program of container steps is started: sources start sources, what was built starts what was built. */
export function containerProgram(): { path: string; args: string[] } {
  const file = import.meta.filename.endsWith('.ts') ? 'agent/entry/step-container.ts' : 'dist/agent/step-container.js';
  // Output goes through it as it comes: it needs little memory for that.
  return { path: process.execPath, args: ['--max-semi-space-size=2', '--no-warnings', join(packageRoot(), file)] };
}
