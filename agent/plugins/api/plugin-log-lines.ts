import type { PluginLogLine } from '../../../shared/plugins.ts';
import type { Caller } from '../../users/caller.ts';
import type { Plugins } from '../plugins.ts';

/** Lines that wait for a reader who follows; what comes on top is left out, and said. */
const MAX_WAITING = 2000;

/**
 * A plugin's log, oldest line first; with `follow` also what comes, until the reader leaves.
 * @throws ToruError unknown_plugin.
 */
export async function* logLines(
  plugins: Pick<Plugins, 'readLog' | 'followLog'>,
  caller: Caller,
  id: string,
  { limit, before, follow }: { limit: number; before?: string | undefined; follow: '0' | '1' },
  signal: AbortSignal,
): AsyncGenerator<PluginLogLine, void, undefined> {
  const waiting: PluginLogLine[] = [];
  let dropped = 0;
  let wake: () => void = () => undefined;
  // First listen, then read: a line that is written in between comes twice rather than never, and is left out by its place.
  const stop =
    follow === '1'
      ? plugins.followLog(id, (line) => {
          if (waiting.length < MAX_WAITING) waiting.push(line);
          else dropped += 1;
          wake();
        })
      : null;
  try {
    const past = await plugins.readLog(caller, id, { limit, before });
    const reported = new Set(past.map((line) => JSON.stringify(line)));
    yield* past;
    while (stop !== null && !signal.aborted) {
      const line = waiting.shift();
      if (line !== undefined) {
        if (!reported.delete(JSON.stringify(line))) yield line;
        continue;
      }
      if (dropped > 0) {
        yield {
          timestamp: new Date().toISOString(),
          level: 'warn',
          plugin: id,
          message: `${dropped} lines came too fast`,
          source: 'supervisor',
        };
        dropped = 0;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (waiting.length > 0) resolve();
      });
    }
  } finally {
    stop?.();
  }
}
