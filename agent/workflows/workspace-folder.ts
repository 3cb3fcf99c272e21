import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { Definitions } from '../../shared/flow/definition.ts';
import type { Problem } from '../../shared/workflows.ts';
import type { FolderVerdicts } from '../scripts/resolve.ts';
import { resolveFile } from '../scripts/resolve.ts';
import type { Around } from './language/draft.ts';

/** Where a workspace's definitions lie, below its folder. */
export const DEFINITIONS_FOLDER = '.workflows';
const MAX_FILES = 500;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_BYTES = 16 * 1024 * 1024;

/** A workspace's files, read. */
export interface ReadFolder {
  /** SHA-256 of the definitions, hex, its first 40 digits. */
  revision: string;
  /** Null when there is a problem. */
  definitions: Definitions | null;
  problems: Problem[];
  /** The libraries that it names, whether they are there or not. */
  uses: string[];
}

/**
 * Reads and checks the definitions of a workspace's folder. A file that another user of the host could have changed is not read: it decides
 * which code runs. @param around the host’s libraries. @throws ToruError bad_request when the folder, or its `.workflows`, can't be read, with the next step.
 */
export async function readFolder(folder: string, around: Around): Promise<ReadFolder> {
  const root = rootOf(folder);
  const names = await namesIn(root);
  const verdicts: FolderVerdicts = new Map();
  const hash = createHash('sha256');
  const files: { path: string; text: string }[] = [];
  let bytes = 0;
  for (const name of names) {
    const path = `${DEFINITIONS_FOLDER}/${name}`;
    const { real, file } = await resolveFile(root, folder, path, 'workspace', verdicts);
    bytes += file.size;
    if (file.size > MAX_FILE_BYTES)
      return tooLarge(hash.digest('hex'), path, 'This file is larger than 1 MiB.', 'Split it: all files of the folder are read together.');
    if (bytes > MAX_BYTES)
      return tooLarge(
        hash.digest('hex'),
        path,
        'The files are larger than 16 MiB together.',
        'Make some of them a workspace of their own.',
      );
    const text = await readFile(real, 'utf8');
    hash.update(`${path}\0${text}\0`);
    files.push({ path, text });
  }
  const revision = hash.digest('hex').slice(0, 40);
  // Loaded when there is a workspace: a host without one does not carry the parser.
  const { loadWorkspace } = await import('./language/load-workspace.ts');
  const { definitions, problems, external } = loadWorkspace(files, around);
  const uses = [...new Set(external.map(({ name }) => name.slice(0, name.indexOf('.'))))];
  return { revision, definitions, problems, uses };
}

/** @throws ToruError bad_request */
export function rootOf(folder: string): string {
  if (!isAbsolute(folder))
    throw new ToruError('bad_request', 'An absolute path is expected, such as /home/me/workflows.', { extra: { field: 'path' } });
  try {
    return realpathSync.native(folder);
  } catch (cause) {
    throw new ToruError(
      'bad_request',
      `There is no folder ${folder} on this host that Toru can read. Make it, with a folder ${DEFINITIONS_FOLDER} in it.`,
      {
        cause,
        extra: { field: 'path' },
      },
    );
  }
}

async function namesIn(root: string): Promise<string[]> {
  const found = await readdir(join(root, DEFINITIONS_FOLDER)).catch((cause: unknown) => {
    throw new ToruError(
      'bad_request',
      `There is no folder ${DEFINITIONS_FOLDER} in ${root} that Toru can read. Make it, and put YAML files into it.`,
      {
        cause,
        extra: { field: 'path' },
      },
    );
  });
  const names = found.filter((name) => /\.ya?ml$/i.test(name) && !name.startsWith('.')).sort();
  if (names.length > MAX_FILES)
    throw new ToruError('bad_request', `At most ${MAX_FILES} files of definitions are read; ${root} has ${names.length}.`);
  return names;
}

function tooLarge(revision: string, file: string, message: string, next: string): ReadFolder {
  return { revision: revision.slice(0, 40), definitions: null, problems: [{ file, line: 1, column: 1, message, next }], uses: [] };
}
