import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { compareText } from '../../shared/compare-text.ts';
import { ToruError, toToruError } from '../../shared/errors.ts';
import type { Script } from '../../shared/scripts.ts';
import { loginPath } from '../system/login-environment.ts';
import { readHead } from './description.ts';
import { reach, requireFolder } from './folder.ts';
import { type FolderVerdicts, resolveScript } from './resolve.ts';
import { startProblemOf } from './start-problem.ts';
import { problemOfName } from './unreadable-name.ts';

/** A folder of scripts is a folder of scripts: past these bounds somebody pointed scripts_dir at a disk. */
const MAX_DEPTH = 8;
const MAX_SCRIPTS = 2000;
const MAX_ENTRIES = 20_000;
const SKIPPED = new Set(['node_modules', '__pycache__', 'venv']);
/** The files that are shown although they may not be run yet, so that a person learns how to fix it. */
const SCRIPT_LIKE = new Set([
  '.sh',
  '.bash',
  '.zsh',
  '.fish',
  '.py',
  '.js',
  '.mjs',
  '.cjs',
  '.ts',
  '.rb',
  '.pl',
  '.php',
  '.lua',
  '.awk',
  '.tcl',
  '.r',
]);

/** The scripts in scripts_dir: what there is, and the way from a name to the path to spawn. */
export class Scripts {
  readonly #settings: { readonly scripts_dir: string };

  constructor(settings: { readonly scripts_dir: string }) {
    this.#settings = settings;
  }

  /** The real absolute path to spawn. @throws ToruError as `resolveScript`. */
  resolve(name: string): Promise<string> {
    return resolveScript(this.#settings.scripts_dir, name);
  }

  /** Why there is nothing to run, in one sentence; null when the folder is in order. */
  async problem(): Promise<string | null> {
    await reach(this.#settings.scripts_dir);
    try {
      requireFolder(this.#settings.scripts_dir);
      return null;
    } catch (error) {
      return toToruError(error).message;
    }
  }

  /**
   * Everything that runs, and what looks as if it should, with the reason why it can't: by name, at most 2,000, at most
   * 8 folders deep. A name that is not UTF-8 is shown with its bytes, and how to rename it. Hidden files, `node_modules` and
   * links that lead out are left out.
   * @throws ToruError scripts_folder
   */
  async list(): Promise<Script[]> {
    await reach(this.#settings.scripts_dir);
    const root = requireFolder(this.#settings.scripts_dir);
    const walk: Walk = { root, path: loginPath(process.env['PATH']), verdicts: new Map(), found: [], entries: 0 };
    await visit(walk, '', root, 0);
    return walk.found.sort((a, b) => compareText(a.name, b.name));
  }
}

interface Walk {
  readonly root: string;
  /** Where programs are looked for. */
  readonly path: string;
  readonly verdicts: FolderVerdicts;
  readonly found: Script[];
  entries: number;
}

/** @param prefix the folder's name below the root, with its `/`. @param real its path, every link followed. */
async function visit(walk: Walk, prefix: string, real: string, depth: number): Promise<void> {
  const entries = await readdir(real, { withFileTypes: true, encoding: 'buffer' }).catch(() => []);
  entries.sort((a, b) => Buffer.compare(a.name, b.name));
  for (const entry of entries) {
    walk.entries += 1;
    if (walk.found.length >= MAX_SCRIPTS || walk.entries > MAX_ENTRIES) return;
    const own = entry.name.toString();
    if (own.startsWith('.') || SKIPPED.has(own)) continue;
    const unreadable = problemOfName(entry.name, real);
    if (unreadable !== null) {
      const script = await describeUnreadable(prefix, unreadable, entry, Buffer.concat([Buffer.from(`${real}/`), entry.name]));
      if (script !== null) walk.found.push(script);
      continue;
    }
    const name = prefix + own;
    const target = await targetOf(walk.root, join(real, own), entry);
    if (target === null) continue;
    if (target.folder) {
      // A link to a folder that we stand in would go round for ever.
      if (depth < MAX_DEPTH && !`${real}${sep}`.startsWith(`${target.path}${sep}`)) await visit(walk, `${name}/`, target.path, depth + 1);
    } else {
      const script = await describe(walk, name, target.path);
      if (script !== null) walk.found.push(script);
    }
  }
}

/** The file or folder behind an entry; null for what is neither, is gone, or lies outside. */
async function targetOf(root: string, path: string, entry: Dirent<Buffer>): Promise<{ path: string; folder: boolean } | null> {
  if (entry.isFile()) return { path, folder: false };
  if (entry.isDirectory()) return { path, folder: true };
  if (!entry.isSymbolicLink()) return null;
  const real = await realpath(path).catch(() => null);
  if (real === null || !real.startsWith(root + sep)) return null;
  const found = await stat(real).catch(() => null);
  if (found === null || !(found.isFile() || found.isDirectory())) return null;
  return { path: real, folder: found.isDirectory() };
}

async function describe(walk: Walk, name: string, path: string): Promise<Script | null> {
  const looked = await look(name, path);
  if (looked === null) return null;
  const problem = await problemOf(walk, name);
  if (problem === 'outside') return null;
  const message = problem?.message ?? startProblemOf(looked.head, join(walk.root, name), walk.path)?.message ?? null;
  return { ...looked.looks, runnable: message === null, problem: message };
}

/** A folder too: what lies in it can't be named either. */
async function describeUnreadable(
  prefix: string,
  { shown, problem }: { shown: string; problem: string },
  entry: Dirent<Buffer>,
  path: Buffer,
): Promise<Script | null> {
  const found = entry.isDirectory() ? await facts(`${prefix}${shown}/`, path) : ((await look(prefix + shown, path))?.looks ?? null);
  return found === null ? null : { ...found, runnable: false, problem };
}

type Looks = Omit<Script, 'runnable' | 'problem'>;

/** Null for what is no script by its looks, or is gone. */
async function look(name: string, path: string | Buffer): Promise<{ looks: Looks; head: Buffer } | null> {
  const file = await stat(path).catch(() => null);
  if (file === null || !file.isFile()) return null;
  const head = await readHead(path);
  if ((file.mode & 0o111) === 0 && !head.shebang && !SCRIPT_LIKE.has(extname(name).toLowerCase())) return null;
  return { looks: factsOf(name, file, head.description), head: head.bytes };
}

async function facts(name: string, path: Buffer): Promise<Looks | null> {
  const file = await stat(path).catch(() => null);
  return file === null ? null : factsOf(name, file, '');
}

function factsOf(name: string, file: Stats, description: string): Looks {
  return { name, size: file.size, modified_at: timeOf(file.mtimeMs), description };
}

/** Some file systems (tmpfs) keep times that are later than any that a Date can hold. */
function timeOf(ms: number): string {
  const LAST = 8_640_000_000_000_000;
  return new Date(Math.max(-LAST, Math.min(ms, LAST))).toISOString();
}

async function problemOf(walk: Walk, name: string): Promise<ToruError | 'outside' | null> {
  try {
    await resolveScript(walk.root, name, walk.verdicts);
    return null;
  } catch (error) {
    if (!(error instanceof ToruError)) throw error;
    return error.code === 'script_outside' || error.code === 'unknown_script' ? 'outside' : error;
  }
}
