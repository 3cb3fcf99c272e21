import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A program of this folder that is an agent of its own, to be killed. */
interface CrashingProcess {
  /** All that it has printed so far. */
  said: () => string;
  /** With SIGKILL. @returns when it is gone */
  kill: () => Promise<void>;
}

export function beginCrashing(program: string, args: readonly string[]): CrashingProcess {
  const agent = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise<void>((resolve) => agent.once('close', () => resolve()));
  // Also of a test that broke off.
  onTestFinished(() => void agent.kill('SIGKILL'));
  let said = '';
  agent.stdout.on('data', (data) => {
    said += String(data);
  });
  return {
    said: () => said,
    kill: () => {
      agent.kill('SIGKILL');
      return gone;
    },
  };
}
