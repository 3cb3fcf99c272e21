import { ToruError } from '../../shared/errors.ts';
import type { GitAnswer } from './run-git.ts';
import { runGit, sentenceOf } from './run-git.ts';

/** A checkout of a large repository on a slow disk. */
export const GIT_CHANGE_MS = 120_000;
/** A question that a person waits for. */
export const GIT_ASK_MS = 10_000;
const MOST_OUTPUT = 16 * 1024 * 1024;

/**
 * The host's git in one folder, by argv, in the environment of a script: never the agent's own. A repository's hooks run as they do in a
 * shell, but for questions (`status`), which change nothing and start nothing.
 */
export class Git {
  readonly #env: () => Record<string, string>;

  /** @param env what scripts get (baseEnvironment). */
  constructor(env: () => Record<string, string>) {
    this.#env = env;
  }

  /** Never throws for what git itself refuses. @throws ToruError timed_out; conflict where there is no git. */
  async run(cwd: string, args: readonly string[], timeoutMs: number): Promise<GitAnswer> {
    const env = { ...this.#env(), GIT_OPTIONAL_LOCKS: '0' };
    const answer = await runGit(['-c', 'core.fsmonitor=false', ...args], { cwd, timeoutMs, mostOutput: MOST_OUTPUT, env });
    if (answer.problem === 'late') throw new ToruError('timed_out', `git gave no answer within ${timeoutMs / 1000} s in ${cwd}.`);
    if (answer.problem === 'missing')
      throw new ToruError('conflict', 'There is no git on this host, or its folder is gone. Debian: apt install git');
    return answer;
  }

  /** @returns what it prints. @throws ToruError conflict with git's own sentence. */
  async text(cwd: string, args: readonly string[], timeoutMs = GIT_ASK_MS): Promise<string> {
    const { ok, stdout, stderr } = await this.run(cwd, args, timeoutMs);
    if (!ok) throw new ToruError('conflict', `git: ${sentenceOf(stderr).replace(/^(?:fatal|error): /, '')}`);
    return stdout;
  }
}
