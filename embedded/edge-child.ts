import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Miniflare } from 'miniflare';
import { z } from 'zod';
import { LogFile } from '../agent/logger-file.ts';
import { reportAlive } from '../agent/signs-of-life.ts';
import { ALIVE_EVERY_MS } from '../shared/limits.ts';
import { builtOptions, edgeOptions } from './edge-options.ts';
import { withoutPorts } from './no-ports.ts';

/**
 * The embedded edge as a process: miniflare ends its own process when it stops, so it has one to itself. It lives as long
 * as its parent's IPC channel, whatever ends that.
 */

export const edgeOrder = z.object({
  /** dist/ */
  dist: z.string(),
  /** The Unix socket on which workerd listens. */
  socket: z.string(),
  persist: z.string(),
  /** Where what the Worker and workerd print goes; on the console without it. */
  log: z.string().optional(),
  bindings: z.record(z.string(), z.string()),
});
export type EdgeOrder = z.infer<typeof edgeOrder>;

/** A workerd that hangs must not keep this process, or whoever waits for it. */
const STOP_MS = 3000;

let edge: Miniflare | null = null;

async function start(order: EdgeOrder): Promise<void> {
  const built = builtOptions.parse(JSON.parse(readFileSync(`${order.dist}/worker/options.json`, 'utf8')));
  const script = readFileSync(`${order.dist}/worker/index.js`, 'utf8');
  // What the objects store, and the socket, are ours alone.
  process.umask(0o077);
  withoutPorts(order.socket);
  const options = edgeOptions(built, { ...order, port: 0, script, page: `${order.dist}/page` });
  edge = new Miniflare(order.log === undefined ? options : { ...options, handleRuntimeStdio: writtenTo(order.log) });
  await edge.ready;
  process.send?.({ type: 'ready' });
  // The edge is workerd: when that stands still, this process may be as lively as it likes. Any answer will do, and none of
  // the front's secret comes before the objects.
  reportAlive(() => answers(order.socket));
}

/** What workerd prints, stack traces among it, as JSON lines in a file: on a console they tell its owner nothing to do. */
function writtenTo(file: string): (stdout: Readable, stderr: Readable) => void {
  const log = new LogFile(file);
  return (...streams) => {
    for (const [stream, level] of [
      [streams[0], 'info'],
      [streams[1], 'error'],
    ] as const) {
      createInterface(stream).on('line', (msg) => log.write(`${JSON.stringify({ level, time: new Date().toISOString(), msg })}\n`));
    }
  };
}

/** @throws when workerd does not answer in time. */
function answers(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ALIVE_EVERY_MS);
    const query = request({ socketPath, path: '/api/health', agent: false, signal }, (answer) => {
      answer.resume().on('end', resolve).on('error', reject);
    });
    query.on('error', reject);
    query.end();
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
