import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowFile } from './load-workspace.ts';

/**
 * The workflow files of a folder: those in its `.workflows`, or where it has none, its own.
 * @param folder of a workspace, or of workflow files. @returns with paths from the folder, in their order
 * @throws Error of the system when it can't be read
 */
export function filesOf(folder: string): WorkflowFile[] {
  const below = existsSync(join(folder, '.workflows')) ? '.workflows' : '';
  const names = readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && /\.ya?ml$/.test(entry.name) ? [entry.name] : [],
  );
  return names.sort().map((name) => ({ path: join(below, name), text: readFileSync(join(folder, below, name), 'utf8') }));
}
