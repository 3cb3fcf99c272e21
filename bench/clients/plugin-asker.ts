import * as z from 'zod';
import { answerOrders } from '../helper-process.ts';
import { agentTransport } from '../plugin/agent-transport.ts';
import { bareHost } from '../plugin/bare-host.ts';
import type { PluginTransport } from '../plugin/plugin-transport.ts';
import { median } from '../stats.ts';

/** Asks a plugin through the agent, or with nothing in between. Answers in ms, and `answered` with a number of requests. */

const order = z.discriminatedUnion('do', [
  z.object({ do: z.literal('open'), socket: z.string().optional(), plugin: z.string(), folder: z.string() }),
  z.object({ do: z.literal('trips'), count: z.int() }),
  z.object({ do: z.literal('at once'), count: z.int() }),
  /** Of the last requests at once: how many were answered. */
  z.object({ do: z.literal('answered') }),
  z.object({ do: z.literal('down'), bytes: z.int() }),
  z.object({ do: z.literal('up'), bytes: z.int() }),
]);

let opened: PluginTransport | null = null;
let answered = 0;

answerOrders(async (said) => {
  const asked = order.parse(said);
  if (asked.do === 'open') {
    opened = asked.socket === undefined ? await bareHost(asked.folder) : agentTransport(asked.socket, asked.plugin);
    return 0;
  }
  if (opened === null) throw new Error('nothing is open');
  const transport = opened;
  switch (asked.do) {
    case 'trips':
      return trips(transport, asked.count);
    case 'at once':
      return timed(() => atOnce(transport, asked.count));
    case 'answered':
      return answered;
    case 'down':
      return timed(async () => same(await transport.download(`/zeros/${asked.bytes}`), asked.bytes));
    case 'up':
      return timed(async () => same(JSON.parse(await transport.upload('/count', asked.bytes)).bytes, asked.bytes));
  }
});

async function trips(transport: PluginTransport, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) times.push(await timed(() => transport.ask('/hello/bench')));
  return median(times);
}

/** The plugin answers none before all are there. */
async function atOnce(transport: PluginTransport, count: number): Promise<void> {
  const ended = await Promise.allSettled(Array.from({ length: count }, () => transport.ask(`/gate/${count}`)));
  answered = ended.filter(({ status }) => status === 'fulfilled').length;
  const [refused] = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (refused !== undefined) process.stderr.write(`${String(refused)}\n`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function same(got: unknown, wanted: number): void {
  if (got !== wanted) throw new Error(`${String(got)} bytes came of ${wanted}`);
}
