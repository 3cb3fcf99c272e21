import { type Client, good } from './agent-client.ts';
import { MODES_OFF, typeKeys } from './attach-terminal.ts';
import type { Io, Keyboard } from './io.ts';
import { note } from './io.ts';
import { passOn } from './type-along.ts';

/**
 * Our terminal becomes that of a run: each key goes there as it is typed, Ctrl-C too, and it gets our size. The output is copied beside
 * this.
 * @param over aborts when the run has ended. @returns whether the person left while the run goes on.
 */
export async function attachRun(client: Client, taskId: string, keyboard: Keyboard, io: Io, over: AbortSignal): Promise<boolean> {
  const takeSize = async (): Promise<void> => {
    const { columns, rows } = process.stdout;
    if (columns > 0 && rows > 0)
      await good(client.runs[':id'].resize.$post({ param: { id: taskId }, json: { cols: columns, rows } })).catch(() => undefined);
  };
  const resized = (): void => void takeSize();
  const leave = new AbortController();
  const ended = (): void => leave.abort();
  over.addEventListener('abort', ended, { once: true });
  if (over.aborted) leave.abort();
  process.stdout.on('resize', resized);
  await note(io, 'Ctrl-] leaves, and so does ~. at the beginning of a line; the run goes on');
  await takeSize();
  try {
    await typeKeys(keyboard, leave, (data) => passOn(client, taskId, { data, eof: false }, leave.signal));
  } finally {
    over.removeEventListener('abort', ended);
    process.stdout.off('resize', resized);
    await io.out.write(MODES_OFF);
  }
  return !over.aborted;
}
