import { renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerFacts } from '../../shared/workflows.ts';
import type { ContainerOrder } from './order.ts';
import { CONTAINER_FILE, FAILURE_FILE, STEP_FOLDER } from './order.ts';

/** Between a container and its run: what is printed, what is written down, and the stop. */
export interface StepIo {
  /** Aborted when the run is stopped. */
  stop: AbortSignal;
  /** What the container prints. */
  print(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** A line of Toru's own, on standard error. */
  say(line: string): void;
  /** The container is made. */
  made(facts: ContainerFacts): void;
  /** The container is gone, when this is. Where that fails, the agent finds its note and tries again. */
  removed(removal: Promise<void>): Promise<void>;
  /** Why the step fails, in a sentence. */
  failed(message: string): void;
}

const FDS = { stdout: 1, stderr: 2 } as const;

export function stepIo({ folder, note }: Pick<ContainerOrder, 'folder' | 'note'>, stop: AbortSignal): StepIo {
  const print: StepIo['print'] = (stream, bytes) => {
    for (let at = 0; at < bytes.length; ) at += writeOut(FDS[stream], bytes, at);
  };
  const say: StepIo['say'] = (line) => print('stderr', Buffer.from(`[toru] ${line}\n`));
  return {
    stop,
    print,
    say,
    made: (facts) => {
      const file = join(folder, CONTAINER_FILE);
      writeFileSync(`${file}.new`, JSON.stringify(facts), { mode: 0o600 });
      renameSync(`${file}.new`, file);
      say(
        `${facts.engine === 'kubernetes' ? 'Pod' : 'Container'} ${facts.id.slice(0, facts.engine === 'kubernetes' ? undefined : 12)} of ${facts.image}`,
      );
    },
    removed: async (removal) => {
      try {
        await removal;
        rmSync(note, { force: true });
      } catch (error) {
        say(`It could not be removed, and is removed later: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    failed: (message) => {
      say(message);
      writeFileSync(join(folder, STEP_FOLDER, FAILURE_FILE), message, { mode: 0o600 });
    },
  };
}

/** A full pipe is waited for: what is not read in time stays in the engine. */
function writeOut(fd: number, bytes: Uint8Array, at: number): number {
  for (;;) {
    try {
      return writeSync(fd, bytes, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code === 'EPIPE') return bytes.length - at;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
