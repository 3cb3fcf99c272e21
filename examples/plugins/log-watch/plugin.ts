import type { Context } from '#toru';
import { definePlugin, HostError } from '#toru';
import { tail } from './tail.ts';

const KEEP = 50;

const newest: { time: string; line: string }[] = [];
let watching: AbortController | null = null;
let problem: string | null = null;
let startedAt = 0;

definePlugin({
  init: (context) => watch(context),
  onSettings: (_settings, context) => watch(context),
  routes: {
    'GET /matches': (_request, { settings }) => ({ file: settings['file'], pattern: settings['pattern'], problem, matches: newest }),
  },
});

/** Begins again with the settings as they are. */
function watch(context: Context): void {
  watching?.abort();
  watching = new AbortController();
  const { file, pattern } = context.settings;
  problem = null;
  if (typeof file !== 'string' || file === '') problem = 'No file is set.';
  const expression = expressionOf(String(pattern ?? ''));
  if (expression === null) problem = `“${pattern}” is no regular expression.`;
  if (problem !== null || expression === null) {
    context.log.warn(problem ?? '');
    return;
  }
  context.log.info('watching', { file: String(file) });
  follow(context, String(file), expression, AbortSignal.any([watching.signal, context.signal])).catch((error: unknown) => {
    problem = `${file} can’t be read.`;
    context.log.error(problem, error);
  });
}

async function follow(context: Context, file: string, pattern: RegExp, signal: AbortSignal): Promise<void> {
  for await (const line of tail(file, signal)) {
    if (!pattern.test(line)) continue;
    const match = { time: new Date().toISOString(), line };
    newest.unshift(match);
    newest.splice(KEEP);
    context.publish('match', match);
    if (context.settings['start'] === true) await alert(context, line);
  }
}

/** Tells by a run. A file that is full of errors is one alert, not thousands. */
async function alert({ log, run, settings }: Context, line: string): Promise<void> {
  if (Date.now() - startedAt < Number(settings['pause'] ?? 60) * 1000) return;
  startedAt = Date.now();
  try {
    const { task_id } = await run('log-alert');
    log.info('started log-alert', { task_id, line });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    log.warn('log-alert could not be started', error);
  }
}

function expressionOf(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern);
  } catch {
    return null;
  }
}
