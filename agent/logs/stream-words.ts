import type { Utf8Text } from '../../shared/utf8.ts';
import type { Chunk } from './chunk.ts';
import { encode, outputFrames } from './frames.ts';

/** The frames by which viewers of one stream are told of it, each as JSON. */
export interface StreamWords {
  /** At the edge. */
  readonly topic: string;
  output(chunks: readonly Chunk[]): Utf8Text[];
  gap(from: number, to: number): string;
  /** The log went away under its reader. */
  unreadable(): string;
}

/** Of a run. @param removed what tells that the run itself is gone; null while it is there. */
export function runWords(taskId: string, removed: () => string | null = () => null): StreamWords {
  return {
    topic: `run/${taskId}`,
    output: (chunks) => outputFrames(taskId, chunks),
    gap: (from, to) => encode({ type: 'gap', task_id: taskId, from, to }),
    unreadable: () =>
      removed() ?? encode({ type: 'error', code: 'internal', data: 'The output could not be read. Open the run again.', task_id: taskId }),
  };
}
