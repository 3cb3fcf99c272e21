import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '#toru';
import { definePlugin, HttpError } from '#toru';
import type { Reading } from './readings.ts';
import { keep, since, take } from './readings.ts';

const HOUR = 3_600_000;

let newest: Reading | null = null;

definePlugin({
  init: async (context) => {
    newest = (await since(context.kv, new Date(Date.now() - HOUR))).at(-1) ?? null;
    // Not awaited: a source that hangs must not hold up the start.
    void keepReading(context);
  },
  routes: {
    'GET /now': (_request, { settings }) => ({ place: settings['place'], reading: newest }),

    'GET /history': async (request, { kv }) => {
      const hours = Number(new URL(request.url).searchParams.get('hours') ?? 48);
      if (!(hours > 0 && hours <= 720)) throw new HttpError(400, '“hours” is a number up to 720.');
      return { readings: await since(kv, new Date(Date.now() - hours * HOUR)) };
    },

    'POST /refresh': async (_request, context) => {
      try {
        return { reading: await readNow(context) };
      } catch (error) {
        context.log.warn('no reading', error instanceof Error ? error : undefined);
        throw new HttpError(502, 'The source gave no reading. The plugin’s log says why.', 'no_reading');
      }
    },
  },
  onSettings: (_settings, { publish }) => publish('changed'),
});

async function readNow({ kv, publish, settings, signal }: Context): Promise<Reading> {
  const reading = await take(String(settings['source'] ?? ''), new Date(), signal);
  await keep(kv, reading);
  newest = reading;
  publish('changed');
  return reading;
}

/** Takes readings until the plugin ends. */
async function keepReading(context: Context): Promise<void> {
  while (!context.signal.aborted) {
    try {
      await readNow(context);
    } catch (error) {
      if (!context.signal.aborted) context.log.warn('no reading', error instanceof Error ? error : undefined);
    }
    // As the settings have it by then.
    const minutes = Number(context.settings['minutes'] ?? 10);
    await sleep(minutes * 60_000, undefined, { signal: context.signal }).catch(() => undefined);
  }
}
