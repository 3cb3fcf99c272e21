/** What `git` printed, and how it ended. */
export interface GitAnswer {
  ok: boolean;
  stdout: string;
  stderr: string;
  /** It gave no answer in time; or there is none on this host, or its folder is gone. */
  problem: 'late' | 'missing' | null;
}

interface GitOptions {
  cwd?: string;
  timeoutMs: number;
  /** Of each of its streams; more is a failure. */
  mostOutput: number;
  /** Its environment, beside what keeps it from asking a person. */
  env: Readonly<Record<string, string | undefined>>;
}

/** Git asks nobody: it has no terminal, and what would ask for a password fails instead. */
const ASKS_NOBODY = { GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', SSH_ASKPASS: '', SSH_ASKPASS_REQUIRE: 'never', LC_ALL: 'C' };

/** The host's own git, by argv: no shell, no question, and no transport that starts a program (`ext::`). Never throws for what git refuses. */
export async function runGit(args: readonly string[], { cwd, timeoutMs, mostOutput, env }: GitOptions): Promise<GitAnswer> {
  // Loaded when it is needed: its files take megabytes, which an agent at rest does without.
  const { execa } = await import('execa');
  const result = await execa('git', ['-c', 'protocol.ext.allow=never', ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    timeout: timeoutMs,
    reject: false,
    stdin: 'ignore',
    maxBuffer: mostOutput,
    extendEnv: false,
    env: { ...env, ...ASKS_NOBODY },
  });
  const problem = result.timedOut ? 'late' : result.code === 'ENOENT' ? 'missing' : null;
  return { ok: !result.failed, stdout: result.stdout, stderr: result.stderr, problem };
}

/** The line that says what went wrong: others follow from it, or are advice. Without what an address may hold before its host. */
export function sentenceOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((text) => /^(?:fatal|error|remote|ssh|host key|permission|\S+@\S+:)/i.test(text)) ?? lines[0];
  return (line ?? 'it failed without a word').replace(/(\w+:\/\/)[^/@\s]*@/g, '$1').slice(0, 500);
}
