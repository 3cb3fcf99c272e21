import { spawn } from 'node:child_process';
import { ToruError } from '../../../shared/errors.ts';
import { spawned } from '../../process/spawn.ts';
import { loginPath } from '../../system/login-environment.ts';
import { MAX_MANIFEST_BYTES } from './manifest.ts';

/** How an executable is asked. */
export interface Asking {
  /** PATH: where programs are. */
  path: string | undefined;
  timeoutMs: number;
  /** Aborts when nobody needs to know any more. */
  signal: AbortSignal;
}

/**
 * Asks an executable for its manifest: `<file> --metadata`, with nothing but PATH.
 * @returns what it printed. @throws ToruError plugin_invalid: it failed, printed too much, or took too long.
 */
export async function askMetadata(file: string, cwd: string, { path, timeoutMs, signal }: Asking): Promise<string> {
  const child = spawn(file, ['--metadata'], {
    cwd,
    env: { PATH: loginPath(path), PYTHONDONTWRITEBYTECODE: '1' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await spawned(child).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new ToruError('plugin_invalid', `--metadata could not be started: ${why}.`, { cause: error });
  });
  child.on('error', () => undefined);
  const chunks: Buffer[] = [];
  let bytes = 0;
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (printed.length < 200) printed += chunk.toString('utf8').slice(0, 200);
  });
  let timer: NodeJS.Timeout | undefined;
  let leave = (): void => undefined;
  try {
    const problem = await new Promise<string | null>((resolve) => {
      timer = setTimeout(() => resolve(`did not end within ${timeoutMs} ms`), timeoutMs);
      leave = () => resolve('was not waited for');
      signal.addEventListener('abort', leave);
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_MANIFEST_BYTES) resolve(`printed more than ${MAX_MANIFEST_BYTES / 1024} KiB`);
        else chunks.push(chunk);
      });
      child.once('close', (code, killedBy) =>
        resolve(code === 0 ? null : `ended with ${killedBy ?? `code ${code}`}${printed === '' ? '' : `: ${printed.trim()}`}`),
      );
    });
    if (problem !== null) throw new ToruError('plugin_invalid', `--metadata ${problem}.`);
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    killGroup(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
