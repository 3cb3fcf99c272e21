import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { unreachable } from '../../../shared/errors.ts';
import { StartError } from '../../start-error.ts';
import { accountOf } from '../accounts.ts';

/** One thing that installing or removing a service does: data, so that a dry run prints exactly what would be done. */
export type Step =
  | { kind: 'file'; path: string; text: string; mode: number /** Shown instead of the text: it holds secrets. */; shown?: string }
  | { kind: 'folder'; path: string; mode: number; owner?: string }
  | { kind: 'rename'; from: string; to: string; why: string }
  | { kind: 'remove'; path: string /** A folder: only if it is empty. */; folder?: true }
  | { kind: 'run'; command: readonly [string, ...string[]] /** What it is for; a failure of it is none of ours. */; mayFail?: true };

/** What a step does, for a person. */
export function describe(step: Step): string {
  switch (step.kind) {
    case 'file':
      return `write ${step.path} (${step.mode.toString(8)})`;
    case 'folder':
      return `make ${step.path} (${step.mode.toString(8)}${step.owner === undefined ? '' : `, of ${step.owner}`})`;
    case 'rename':
      return `keep ${step.from} as ${step.to}: ${step.why}`;
    case 'remove':
      return `remove ${step.path}${step.folder === true ? ' if it is empty' : ''}`;
    case 'run':
      return `run ${step.command.map(shellWord).join(' ')}`;
    default:
      return unreachable(step);
  }
}

/** @param limitMs after which a command is given up. @returns whether there was anything to do. @throws StartError where the system refuses. */
export function perform(step: Step, limitMs?: number): boolean {
  switch (step.kind) {
    case 'file':
      return writeWhole(step.path, step.text, step.mode);
    case 'folder':
      return makeFolder(step);
    case 'rename':
      renameSync(step.from, step.to);
      return true;
    case 'remove':
      return remove(step.path, step.folder === true);
    case 'run':
      return runNow(step.command, step.mayFail === true, limitMs);
    default:
      return unreachable(step);
  }
}

/** Whole or not at all, and never readable for others in between. */
function writeWhole(path: string, text: string, mode: number): boolean {
  const same = existsSync(path) && readFileSync(path, 'utf8') === text;
  if (!same) {
    const next = `${path}.new`;
    rmSync(next, { force: true });
    writeFileSync(next, text, { mode: 0o600, flag: 'wx' });
    renameSync(next, path);
  }
  chmodSync(path, mode);
  return !same;
}

function makeFolder({ path, mode, owner }: Extract<Step, { kind: 'folder' }>): boolean {
  if (existsSync(path) && (owner === undefined || !isEmptyOfRoot(path))) return false;
  // Above one of somebody else's, folders of root's with this mode would be in the way.
  if (!existsSync(path)) mkdirSync(path, { recursive: owner === undefined, mode });
  else chmodSync(path, mode);
  const account = owner === undefined ? null : accountOf(owner);
  if (account !== null) chownSync(path, account.uid, account.gid);
  return true;
}

/** Such as a fresh mkdir: it becomes the service's own. */
function isEmptyOfRoot(path: string): boolean {
  return statSync(path).uid === 0 && readdirSync(path).length === 0;
}

function remove(path: string, folder: boolean): boolean {
  if (!existsSync(path)) return false;
  if (!folder) rmSync(path, { recursive: true });
  else if (!removeEmpty(path)) return false;
  return true;
}

function removeEmpty(path: string): boolean {
  return spawnSync('rmdir', ['--', path], { stdio: 'ignore' }).status === 0;
}

function runNow([program, ...args]: readonly [string, ...string[]], mayFail: boolean, limitMs?: number): boolean {
  const { status, error, stderr } = spawnSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: limitMs });
  if (mayFail || (error === undefined && status === 0)) return true;
  const reason = error === undefined ? stderr.trim() || `it ended with ${status}` : error.message;
  throw new StartError(`${[program, ...args].map(shellWord).join(' ')}: ${reason}`);
}

/** For a person who copies it. */
export function shellWord(word: string): string {
  return /^[\w./=:@,+%-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
