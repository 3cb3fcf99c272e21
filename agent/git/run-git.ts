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
  /** Its answer is not wanted any more: it is ended. */
  signal?: AbortSignal | undefined;
}

/** Git asks nobody: it has no terminal, and what would ask for a password fails instead. */
const ASKS_NOBODY = { GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', SSH_ASKPASS: '', SSH_ASKPASS_REQUIRE: 'never', LC_ALL: 'C' };

/** From TERM, by which git takes its lock files away, to KILL. */
const GRACE_MS = 2000;

/**
 * The host's own git, by argv: no shell, no question, and no transport that starts a program (`ext::`). It is ended with all that it started,
 * such as the `ssh` of a server that says nothing, which git itself leaves behind. Never throws for what git refuses.
 */
export async function runGit(args: readonly string[], { cwd, timeoutMs, mostOutput, env, signal }: GitOptions): Promise<GitAnswer> {
  if (signal?.aborted === true) return { ok: false, stdout: '', stderr: '', problem: 'late' };
  // Loaded when it is needed: its files take megabytes, which an agent at rest does without.
  const { execa } = await import('execa');
  const git = execa('git', ['-c', 'protocol.ext.allow=never', ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    // A process group of its own.
    detached: true,
    reject: false,
    stdin: 'ignore',
    maxBuffer: mostOutput,
    extendEnv: false,
    env: { ...env, ...ASKS_NOBODY },
  });
  let problem: GitAnswer['problem'] = null;
  const timers: NodeJS.Timeout[] = [];
  const end = (): void => {
    killGroup(git.pid, 'SIGTERM');
    timers.push(setTimeout(() => killGroup(git.pid, 'SIGKILL'), GRACE_MS));
  };
  const late = (): void => {
    problem = 'late';
    end();
  };
  timers.push(setTimeout(late, timeoutMs));
  signal?.addEventListener('abort', late, { once: true });
  // What it printed was too much, or somebody killed it: what it started holds its streams.
  git.nodeChildProcess.once('exit', (_, killed) => void (killed !== null && end()));
  const result = await git;
  signal?.removeEventListener('abort', late);
  for (const timer of timers) clearTimeout(timer);
  if (result.code === 'ENOENT') problem = 'missing';
  return { ok: problem === null && !result.failed, stdout: result.stdout, stderr: result.stderr, problem };
}

function killGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of it is left.
  }
}

/** The line that says what went wrong: others follow from it, or are advice. Without what an address may hold before its host. */
export function sentenceOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((text) => /^(?:fatal|error|remote|ssh|host key|permission|\S+@\S+:)/i.test(text)) ?? lines[0];
  return (line ?? 'it failed without a word').replace(/(\w+:\/\/)[^/@\s]*@/g, '$1').slice(0, 500);
}
