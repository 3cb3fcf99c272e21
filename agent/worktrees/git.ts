import { ToruError } from '../../shared/errors.ts';

/** What `git` printed, and how it ended. */
interface GitAnswer {
  ok: boolean;
  stdout: string;
  stderr: string;
}

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
    const quiet = { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', SSH_ASKPASS_REQUIRE: 'never', LC_ALL: 'C' };
    // Loaded when it is needed, as everywhere: its files take megabytes.
    const { execa } = await import('execa');
    const result = await execa('git', ['-c', 'core.fsmonitor=false', '-c', 'protocol.ext.allow=never', ...args], {
      cwd,
      timeout: timeoutMs,
      reject: false,
      stdin: 'ignore',
      stripFinalNewline: true,
      maxBuffer: MOST_OUTPUT,
      extendEnv: false,
      env: { ...this.#env(), ...quiet },
    });
    if (result.timedOut) throw new ToruError('timed_out', `git gave no answer within ${timeoutMs / 1000} s in ${cwd}.`);
    if (result.code === 'ENOENT')
      throw new ToruError('conflict', 'There is no git on this host, or its folder is gone. Debian: apt install git');
    return { ok: !result.failed, stdout: result.stdout, stderr: result.stderr };
  }

  /** @returns what it prints. @throws ToruError conflict with git's own sentence. */
  async text(cwd: string, args: readonly string[], timeoutMs = GIT_ASK_MS): Promise<string> {
    const { ok, stdout, stderr } = await this.run(cwd, args, timeoutMs);
    if (!ok) throw new ToruError('conflict', `git: ${sentenceOf(stderr)}`);
    return stdout;
  }
}

/** The line that says what went wrong: others follow from it, or are advice. */
function sentenceOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((text) => /^(?:fatal|error):/.test(text)) ?? lines[0] ?? 'it failed without a word';
  return line.replace(/^(?:fatal|error): /, '').slice(0, 500);
}
