import { type ChildProcess, spawn } from 'node:child_process';

/** A program of a peer, with an account of its own where one is needed. @returns what ends it */
export function begin(
  path: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; user?: { uid: number; gid: number } | null },
): AsyncDisposable & { said: () => string } {
  const child: ChildProcess = spawn(path, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: options.cwd, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.user ?? {}),
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-4000);
    });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    said: () => said,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGINT');
      const killed = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await gone;
      clearTimeout(killed);
    },
  };
}
