import { readFileSync } from 'node:fs';
import { Miniflare } from 'miniflare';
import { z } from 'zod';
import { tellParentAlive } from '../agent/alive.ts';
import { ALIVE_EVERY_MS } from '../shared/limits.ts';
import { builtOptions, edgeOptions } from './edge-options.ts';
import { withLoopbackShut } from './shut-loopback.ts';

/**
 * The embedded edge as a process: miniflare ends its own process when it stops, so it has one to itself. It lives as long
 * as its parent's IPC channel, whatever ends that.
 */

export const edgeOrder = z.object({
  /** dist/ */
  dist: z.string(),
  port: z.int(),
  persist: z.string(),
  bindings: z.record(z.string(), z.string()),
});
export type EdgeOrder = z.infer<typeof edgeOrder>;

/** A workerd that hangs must not keep this process, or whoever waits for it. */
const STOP_MS = 3000;

let edge: Miniflare | null = null;

async function start(order: EdgeOrder): Promise<void> {
  const built = builtOptions.parse(JSON.parse(readFileSync(`${order.dist}/worker/options.json`, 'utf8')));
  const script = readFileSync(`${order.dist}/worker/index.js`, 'utf8');
  await withLoopbackShut(async () => {
    edge = new Miniflare(edgeOptions(built, { ...order, script, page: `${order.dist}/page` }));
    await edge.ready;
  });
  process.send?.({ type: 'ready' });
  // The edge is workerd: when that stands still, this process may be as lively as it likes. Any answer will do, and none of
  // the front's secret comes before the objects.
  tellParentAlive(async () => {
    const answer = await fetch(`http://127.0.0.1:${order.port}/api/health`, { signal: AbortSignal.timeout(ALIVE_EVERY_MS) });
    await answer.body?.cancel();
  });
}

async function stop(): Promise<void> {
  setTimeout(() => process.exit(1), STOP_MS).unref();
  await edge?.dispose();
  process.exit(0);
}

process.once('message', (order) => {
  start(edgeOrder.parse(order)).catch((error: unknown) => {
    console.error('The embedded edge did not start.', error);
    process.exit(70);
  });
});
for (const event of ['SIGTERM', 'disconnect'] as const) process.on(event, () => void stop());
