import type { TerminalServerFrame } from '../../shared/terminals.ts';
import type { Chunk } from '../logs/chunk.ts';
import { framesOf } from '../logs/frames.ts';
import type { StreamWords } from '../logs/stream-words.ts';

export function encodeFrame(frame: TerminalServerFrame): string {
  return JSON.stringify(frame);
}

/** The frames by which viewers of a terminal are told of it. */
export function terminalWords(id: string): StreamWords {
  return {
    topic: `terminal/${id}`,
    output: (chunks: readonly Chunk[]) =>
      framesOf(chunks, (_, data, cursor) => encodeFrame({ type: 'output', terminal_id: id, data, cursor })),
    gap: (from, to) => encodeFrame({ type: 'gap', terminal_id: id, from, to }),
    unreadable: () =>
      encodeFrame({ type: 'error', terminal_id: id, code: 'internal', data: 'The output could not be read. Open the terminal again.' }),
  };
}
