import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { Action } from '../../shared/flow/definition.ts';
import type { Lookup } from '../../shared/flow/template/evaluate.ts';
import { resolveFile } from '../scripts/resolve.ts';
import { loginPath } from '../system/login-environment.ts';

export interface ProgramOptions {
  action: Action & { type: 'script' };
  /** What its templates may name. */
  context: Lookup;
  /** The workspace's folder, with every link followed. */
  root: string;
  /** The step's own, in which the files will be. */
  folder: string;
}

/** What a script step's process is made of. */
export interface StepProgram {
  /** Absolute. */
  path: string;
  args: string[];
  env: Record<string, string>;
  directory: string;
  /** Below the step's folder. */
  files: Record<string, string>;
}

const LANGUAGES = {
  shell: { programs: ['bash', 'sh'], file: 'script.sh', before: [] },
  python: { programs: ['python3', 'python'], file: 'script.py', before: [] },
  javascript: { programs: ['node'], file: 'script.mjs', before: [] },
  typescript: { programs: ['node'], file: 'script.ts', before: ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'] },
  go: { programs: ['go'], file: 'script.go', before: ['run'] },
} as const satisfies Record<string, { programs: readonly string[]; file: string; before: readonly string[] }>;

/**
 * Makes a program of a script's action: its text in a file of the step's, and the interpreter that reads it, by argv. No value becomes a part of
 * the text. @throws ToruError, TemplateError with what to do
 */
export async function programOf({ action, context, root, folder }: ProgramOptions): Promise<StepProgram> {
  if (action.runner !== 'local')
    throw new ToruError('conflict', `The runner “${action.runner}” is not yet in this version. Leave \`runner\` out.`);
  if (action.dependencies.length > 0)
    throw new ToruError('conflict', '`dependencies` are not yet in this version. Install them on the host, and leave the line out.');
  const language = LANGUAGES[action.language];
  const path = interpreterOf(action.interpreter === undefined ? language.programs : [action.interpreter], action.language);
  // Loaded when a step needs it, as the readers of scripts are.
  const { prepareScript } = await import('./language/prepare-script.ts');
  const { text, source, args, env } = prepareScript(action, context);
  const directory = action.workdir === undefined ? root : join(root, action.workdir);
  if (text === null) {
    const { path: file } = await resolveFile(root, root, source, 'workspace');
    return { path, args: [...language.before, file, ...args], env, directory, files: {} };
  }
  return { path, args: [...language.before, join(folder, language.file), ...args], env, directory, files: { [language.file]: text } };
}

function interpreterOf(programs: readonly string[], language: string): string {
  for (const program of programs) {
    if (program.startsWith('/') && isProgram(program)) return program;
    for (const folder of loginPath(process.env['PATH']).split(delimiter)) {
      const path = join(folder, program);
      if (!program.includes('/') && isProgram(path)) return path;
    }
  }
  throw new ToruError(
    'conflict',
    `This host has no ${programs.join(' and no ')}, which a step in ${language} needs. Install it, or name an \`interpreter\`.`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
