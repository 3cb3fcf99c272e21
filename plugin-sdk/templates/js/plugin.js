import { definePlugin } from '#toru';

definePlugin({
  routes: {
    'GET /count': async (_request, { kv }) => ({ count: (await kv.get('count')) ?? 0 }),

    'POST /count': async (_request, { kv, log, publish, settings, user }) => {
      const count = await add(kv, Number(settings['step'] ?? 1));
      log.info('pressed', { by: user.username, count });
      // Every page and card that is open hears of it.
      publish('count', count);
      return { count };
    },
  },
});

/**
 * Two presses at once may not count as one: whoever finds that the value has changed meanwhile tries again.
 * @param {import('#toru').Kv} kv
 * @param {number} step
 */
async function add(kv, step) {
  for (;;) {
    const entry = await kv.entry('count');
    const count = Number(entry?.value ?? 0) + step;
    if ((await kv.compareAndSet('count', entry?.version ?? 0, count)) !== null) return count;
  }
}
