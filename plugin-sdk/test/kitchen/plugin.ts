import { setTimeout as sleep } from 'node:timers/promises';
import { definePlugin, HostError, HttpError } from '../../src/index.ts';

const PIECE = new Uint8Array(256 * 1024).fill(7);

/** A plugin with one of everything, for the tests. */
definePlugin({
  init: (context) => {
    if (context.settings['fail'] === true) throw new Error('told to fail');
    context.log.info('begun', { greeting: context.settings['greeting'] ?? null });
    context.signal.addEventListener('abort', () => setTimeout(() => context.log.info('still here after 2 s'), 2000));
  },
  routes: {
    'GET /hello/:name': (_request, { params, settings, user }) => ({
      text: `${settings['greeting']}, ${params.name}`,
      user: user.username,
    }),
    'GET /hello/world': () => 'written out',
    'POST /echo': (request) =>
      new Response(request.body, { status: 201, headers: { 'content-type': request.headers.get('content-type') ?? '' } }),
    'POST /length': async (request) => {
      let length = 0;
      for await (const piece of request.body ?? []) length += piece.length;
      return { length, rss: process.memoryUsage.rss() };
    },
    'GET /zeros/:mb': (_request, { params }) => {
      let left = Number(params.mb) * 4;
      return new Response(
        new ReadableStream({
          pull: (controller) => {
            if (left === 0) controller.close();
            else controller.enqueue(PIECE);
            left -= 1;
          },
        }),
      );
    },
    'GET /rss': () => process.memoryUsage.rss(),
    'GET /nothing': () => undefined,
    'GET /binary': () => new Response(new Uint8Array([0xff, 0, 0xc3])),
    'GET /throws': () => {
      throw new Error('a secret of the inside');
    },
    'GET /missing': () => {
      throw new HttpError(404, 'There is none.');
    },
    'GET /breaks': () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(PIECE),
          pull: (controller) => controller.error(new Error('broke off')),
        }),
      ),
    'GET /slow': async (request, { log }) => {
      request.signal.addEventListener('abort', () => log.info('left alone'));
      await sleep(60_000, undefined, { signal: request.signal });
      return 'late';
    },
    'GET /trickle': (request, { log }) =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('first')),
          cancel: () => log.info(`nobody reads, ${request.signal.aborted}`),
        }),
      ),
    'GET /finish': async (_request, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await sleep(50);
      return 'finished';
    },
    'POST /kv': async (_request, { kv }) => {
      const first = await kv.set('a', { n: 1 });
      const second = await kv.compareAndSet('a', first, { n: 2 });
      const lost = await kv.compareAndSet('a', first, { n: 3 });
      const taken = await kv.compareAndSet('a', 0, { n: 4 });
      await kv.set('b', 'x', { ttl: 60 });
      const { entries, next } = await kv.list({ limit: 1 });
      const tooLarge = await kv
        .set('c', 'x'.repeat(300_000))
        .catch((error: unknown) => (error instanceof HostError ? error.code : 'other'));
      return {
        first,
        second,
        lost,
        taken,
        value: await kv.get('a'),
        entries,
        next,
        tooLarge,
        gone: await kv.delete('b'),
        none: (await kv.get('b')) ?? null,
      };
    },
    'POST /run/:action': async (_request, { run, params }) => {
      const handle = await run(params.action, { loud: true });
      return { task_id: handle.task_id, ...(await handle.ended) };
    },
    'POST /publish': async (request, { publish }) => publish('news', await request.json()),
    'POST /print': () => process.stdout.write('printed\n'),
    'POST /flood': (_request, { log }) => {
      for (let n = 0; n < 200_000; n += 1) log.debug('x'.repeat(100));
    },
  },
  onSettings: ({ greeting }, { log }) => log.info(`now ${greeting}`),
  shutdown: ({ log }) => log.info('bye'),
});
