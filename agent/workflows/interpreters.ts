import { stat } from 'node:fs/promises';
import { ToruError } from '../../shared/errors.ts';
import type { Action } from '../../shared/flow/definition.ts';
import { findProgram } from '../process/programs.ts';
import { loginPath } from '../system/login-environment.ts';
import { LANGUAGES } from './languages.ts';

type Language = Extract<Action, { type: 'script' }>['language'];

/** The first Node that reads TypeScript: 22.6. */
const READS_TYPES = 22 * 1000 + 6;
const VERSION_MS = 10_000;

/** By path and time of change: does this Node read TypeScript? */
const known = new Map<string, Promise<boolean>>();

/**
 * What reads a script of this host.
 * @param named by the action: a program's name, or its absolute path. @returns an absolute path. @throws ToruError conflict where there is none
 */
export async function interpreterOf(language: Language, named: string | undefined): Promise<string> {
  const programs = named === undefined ? LANGUAGES[language].programs : [named];
  for (const program of programs) {
    const path = program.includes('/') && !program.startsWith('/') ? null : findProgram(program, loginPath(process.env['PATH']));
    if (path !== null && (named !== undefined || language !== 'typescript' || program !== 'node' || (await readsTypes(path)))) return path;
  }
  // A host's own Node may be older than the one that Toru brings.
  if (named === undefined && language === 'typescript') return process.execPath;
  throw new ToruError(
    'conflict',
    `This host has no ${programs.join(' and no ')}, which a step in ${language} needs. Install it, or name an \`interpreter\`.`,
  );
}

async function readsTypes(path: string): Promise<boolean> {
  const key = `${path} ${(await stat(path)).mtimeMs}`;
  const found = known.get(key) ?? version(path).then((number) => number >= READS_TYPES);
  known.set(key, found);
  return found;
}

/** 1000 × the major number + the minor one; 0 where it says none. */
async function version(node: string): Promise<number> {
  // Loaded when a step needs it.
  const { execa } = await import('execa');
  const { stdout } = await execa(node, ['--version'], { reject: false, timeout: VERSION_MS, stdin: 'ignore' });
  const [, major = '0', minor = '0'] = /^v(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return Number(major) * 1000 + Number(minor);
}
