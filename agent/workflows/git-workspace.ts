import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { GitAnswer } from '../git/run-git.ts';
import { runGit, sentenceOf } from '../git/run-git.ts';

/**
 * A workspace that lives in git: what its ref points at is fetched without its history, and checked out into a folder of its own that
 * nobody writes to any more, so that a job that began with it ends with it. The host's own `git` does it, by argv, with the host's own
 * credentials (its keys, its credential helpers): Toru keeps none.
 */

/** A fetch over a slow line of home takes minutes; one that stands still is given up. */
const GIT_MS = 180_000;
const MOST_OUTPUT = 4 * 1024 * 1024;
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
export interface GitHow {
  /** What git is started with beside the agent's environment: a workspace's own key. */
  env?: Readonly<Record<string, string>>;
  /** Ends it: nobody waits for it any more. */
  signal?: AbortSignal;
}

/** What an address may begin with: no transport that starts a program (`ext::`), and no option. */
const ADDRESS = /^(?:(?:https?|ssh|git|file):\/\/[^\s-]|[\w.-]+@[\w.-]+:[^\s-]|\/)/;

/** @throws ToruError bad_request */
export function checkGit({ url, ref }: { url: string; ref?: string | null | undefined }): void {
  if (!ADDRESS.test(url) || /\s/.test(url))
    throw new ToruError(
      'bad_request',
      'An address of git is expected, such as https://github.com/me/workflows.git or git@github.com:me/workflows.git.',
      {
        extra: { field: 'url' },
      },
    );
  if (/^\w+:\/\/[^/@]*:[^/@]*@/.test(url))
    throw new ToruError(
      'bad_request',
      'Leave the password out of the address: the host’s own git has it, by a credential helper or a key.',
      {
        extra: { field: 'url' },
      },
    );
  // As git check-ref-format: nothing that is read as an option, a range or another ref's past.
  if (ref != null && (!/^[\w./-]+$/.test(ref) || ref.startsWith('-') || ref.includes('..')))
    throw new ToruError('bad_request', 'A branch, a tag or a whole commit is expected, such as main or v1.2.', { extra: { field: 'ref' } });
}

/**
 * The commit that a ref points at now.
 * @param ref null: what the repository calls HEAD. @throws ToruError bad_request with git's own sentence and the next step.
 */
export async function commitOf(url: string, ref: string | null, how: GitHow = {}): Promise<string> {
  if (ref !== null && COMMIT.test(ref)) return ref;
  const wanted = ref ?? 'HEAD';
  const lines = (await git(['ls-remote', '--', url, wanted, `${wanted}^{}`], how)).split('\n').filter((line) => line !== '');
  const found = new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), line.slice(0, line.indexOf('\t'))]));
  // A tag that is an object of its own stands for the commit that it names.
  for (const name of [`refs/heads/${wanted}`, `refs/tags/${wanted}^{}`, `refs/tags/${wanted}`, wanted]) {
    const commit = found.get(name);
    if (commit !== undefined && COMMIT.test(commit)) return commit;
  }
  throw new ToruError('bad_request', `The repository has no branch and no tag “${wanted}”. See: git ls-remote ${url}`, {
    extra: { field: 'ref' },
  });
}

/**
 * Checks a commit out, where that was not done before.
 * @param folder of the workspace, below TORU_HOME. @param ref by which the commit was found: some servers give out no others.
 * @returns the folder of the files, absolute.
 */
export async function checkedOut(folder: string, url: string, ref: string | null, commit: string, how: GitHow = {}): Promise<string> {
  const files = join(folder, commit);
  if (lstatSync(files, { throwIfNoEntry: false })?.isDirectory() === true) return files;
  const repository = join(folder, 'repository');
  const fresh = join(folder, `${commit}.new`);
  removeFiles(fresh);
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  await git(['init', '--quiet', '--bare', '--template=', '--', repository]);
  const inside = ['-C', repository, '-c', 'core.hooksPath=/dev/null', '-c', 'core.symlinks=true'];
  const fetch = (what: string) => git([...inside, 'fetch', '--quiet', '--depth=1', '--no-tags', '--force', '--', url, what], how);
  await fetch(commit).catch(async (error: unknown) => {
    if (ref !== null && COMMIT.test(ref)) throw error;
    await fetch(ref ?? 'HEAD');
  });
  await git([...inside, `--work-tree=${fresh}`, 'checkout', '--quiet', '--force', commit, '--', '.']);
  forbidWrites(fresh);
  renameSync(fresh, files);
  return files;
}

/** Takes a checked-out folder away, or what is left of one. */
export function removeFiles(folder: string): void {
  eachFolder(folder, (path) => chmodSync(path, 0o700));
  rmSync(folder, { recursive: true, force: true });
}

/** Files as well as folders: a script that writes into its workspace would change the next job's. */
export function forbidWrites(folder: string): void {
  eachFolder(folder, (path, files) => {
    for (const { path: file, mode } of files) chmodSync(file, mode & 0o555);
    chmodSync(path, 0o555);
  });
}

/** Calls back with each folder, the outer ones first for what is to be removed: so it is before its inside is read. */
function eachFolder(folder: string, visit: (path: string, files: { path: string; mode: number }[]) => void): void {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  const entries = readdirSync(folder, { withFileTypes: true });
  visit(
    folder,
    entries.filter((entry) => entry.isFile()).map(({ name }) => ({ path: join(folder, name), mode: lstatSync(join(folder, name)).mode })),
  );
  for (const entry of entries) if (entry.isDirectory()) eachFolder(join(folder, entry.name), visit);
}

/** Runs the host's git, in the agent's own environment. @returns what it prints. @throws ToruError bad_request with its last sentence. */
async function git(args: readonly string[], { env = {}, signal }: GitHow = {}): Promise<string> {
  const answer = await runGit(args, { timeoutMs: GIT_MS, mostOutput: MOST_OUTPUT, env: { ...process.env, ...env }, signal });
  if (answer.ok) return answer.stdout;
  const why = unknownServer(answer.stderr, 'TORU_DEPLOY_KEY' in env) ?? whyNot(answer);
  throw new ToruError('bad_request', `git: ${why}`, { extra: { field: 'url' } });
}

/** A server that shows another key than the trusted one, or that nobody has trusted yet. */
function unknownServer(text: string, hasKey: boolean): string | null {
  if (!/host key verification failed|no \S+ host key is known for/i.test(text)) return null;
  const next = hasKey
    ? 'Compare its fingerprint with what its owner publishes, then trust it: toru workspace key NAME --host'
    : 'Connect to it once by ssh on the host, as the user of the agent, or give the workspace a key of its own: toru workspace key NAME';
  return /REMOTE HOST IDENTIFICATION HAS CHANGED/i.test(text)
    ? `the server shows another key than the one that is trusted. Somebody may stand between, or it was set up again. ${next}`
    : `the server’s key is not trusted yet. ${next}`;
}

/** What git printed of it, or why it could not be run. */
function whyNot({ stderr, problem }: GitAnswer): string {
  if (problem === 'missing') return 'there is no git on this host. Install it (Debian: apt install git), then refresh the workspace.';
  if (problem === 'late')
    return `no answer within ${GIT_MS / 1000} s. Look whether this host reaches the address, then refresh the workspace.`;
  return `${sentenceOf(stderr).replace(/[.\s]*$/, '')}. Try it on the host, as the user of the agent: git ls-remote, with the address.`;
}
