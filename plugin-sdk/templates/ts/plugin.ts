import type { Kv } from '#toru';
import { definePlugin } from '#toru';

definePlugin({
  routes: {
    'GET /count': async (_request, { kv }) => ({ count: await read(kv) }),

    'POST /count': async (_request, { kv, log, publish, settings, user }) => {
      const count = await add(kv, Number(settings['step'] ?? 1));
      log.info('pressed', { by: user.username, count });
      // Every page and card that is open hears of it.
      publish('count', count);
      return { count };
    },
  },
});

async function read(kv: Kv): Promise<number> {
  return Number((await kv.get('count')) ?? 0);
}

/** Two presses at once may not count as one: whoever finds that the value has changed meanwhile tries again. */
async function add(kv: Kv, step: number): Promise<number> {
  for (;;) {
    const entry = await kv.entry('count');
    const count = Number(entry?.value ?? 0) + step;
    if ((await kv.compareAndSet('count', entry?.version ?? 0, count)) !== null) return count;
  }
}
