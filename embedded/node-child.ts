import { fork } from 'node:child_process';
import type * as z from 'zod';
import { aliveMessage, PREVIOUS_END } from '../agent/signs-of-life.ts';
import type { Launched } from './supervised-child.ts';

export interface NodeChild<Ready> {
  file: string;
  /** Of Node itself, before those that this process was started with. */
  flags?: readonly string[];
  env: NodeJS.ProcessEnv;
  /** The message by which the child says that it is up. */
  ready: z.ZodType<Ready>;
  /** Whatever else it says over IPC. */
  heard?: (message: unknown) => void;
}

/**
 * Starts a program of ours in a Node of its own, which ends when the IPC channel to us does.
 * @param previous how the one before it ended, which it is told.
 */
export function launchNode<Ready>({ file, flags = [], env, ready, heard }: NodeChild<Ready>, previous: string | null): Launched<Ready> {
  const child = fork(file, [], {
    execArgv: [...flags, ...process.execArgv],
    env: previous === null ? env : { ...env, [PREVIOUS_END]: previous },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  const up = new Promise<Ready>((resolve) => {
    child.on('message', (message) => {
      const parsed = ready.safeParse(message);
      if (parsed.success) resolve(parsed.data);
      else heard?.(message);
    });
  });
  // It says so unasked.
  const alive = (answered: () => void) => {
    child.on('message', (message) => void (aliveMessage.safeParse(message).success && answered()));
    return () => undefined;
  };
  return { child, ready: up, alive };
}
