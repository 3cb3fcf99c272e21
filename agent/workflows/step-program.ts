import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Action } from '../../shared/flow/definition.ts';
import type { Lookup } from '../../shared/flow/template/evaluate.ts';
import { resolveFile } from '../scripts/resolve.ts';
import { installOf, installProgram, RESOLVE_FILE, resolveHook } from './dependencies.ts';
import { interpreterOf } from './interpreters.ts';
import { LANGUAGES, optionsOf } from './languages.ts';

export interface ProgramOptions {
  action: Action & { type: 'script' };
  /** What its templates may name. */
  context: Lookup;
  /** The workspace's folder, with every link followed. */
  root: string;
  /** Where its `source` lies: the workspace's folder, or its library's. */
  sources: string;
  /** The step's own, in which the files will be. */
  folder: string;
  /** TORU_HOME */
  home: string;
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

/**
 * Makes a program of a script's action: its text in a file of the step's, and the interpreter that reads it, by argv. No value becomes a part of
 * the text. @throws ToruError, TemplateError with what to do
 */
export async function programOf({ action, context, root, sources, folder, home }: ProgramOptions): Promise<StepProgram> {
  const language = LANGUAGES[action.language];
  const path = await interpreterOf(action.language, action.interpreter);
  const before = optionsOf(action.language, path);
  // Loaded when a step needs it, as the readers of scripts are.
  const { prepareScript } = await import('./language/prepare-script.ts');
  const { text, source, args, env } = prepareScript(action, context);
  const directory = action.workdir === undefined ? root : join(root, action.workdir);
  const file = text === null ? (await resolveFile(sources, sources, source, 'workspace')).path : join(folder, language.file);
  const files = text === null ? {} : { [language.file]: text };
  const install = installOf(action, { interpreter: path, home, folder });
  if (install === null) return { path, args: [...before, file, ...args], env, directory, files };
  const isPython = install.language === 'python';
  const hook = !isPython && path.endsWith('/node') ? ['--import', pathToFileURL(join(folder, RESOLVE_FILE)).href] : [];
  const words = [isPython ? join(install.folder, 'bin/python') : path, ...hook, ...before, file, ...args];
  return {
    path: process.execPath,
    args: [...installProgram(), JSON.stringify(install), ...words],
    env: isPython ? env : { ...env, NODE_PATH: join(install.folder, 'node_modules') },
    directory,
    files: { ...files, ...(hook.length === 0 ? {} : { [RESOLVE_FILE]: resolveHook(install.folder) }) },
  };
}
