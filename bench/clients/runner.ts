import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { makeHarness } from '../../agent/runs/runs-harness.ts';
import { answerOrders } from '../helper-process.ts';
import { opened } from '../opened.ts';

/** Does `count` runs of a program, so many at once, in one of four ways. Answers with runs a second. */

const order = z.object({
  way: z.enum(['spawn', 'runs', 'socket', 'hook']),
  program: z.string(),
  count: z.int(),
  atOnce: z.int(),
  /** Where `runs` puts its files. They stay: see rows/runs.ts. */
  folder: z.string(),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});
type Order = z.infer<typeof order>;

answerOrders(async (said) => {
  const asked = order.parse(said);
  const { one, close } = await open(asked);
  let left = asked.count;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: asked.atOnce }, async (_, lane) => {
      while (left > 0) {
        left -= 1;
        await one(lane);
      }
    }),
  );
  const perSecond = asked.count / ((performance.now() - start) / 1000);
  await close();
  return perSecond;
});

async function open(asked: Order): Promise<{ one: (lane: number) => Promise<unknown>; close: () => Promise<void> }> {
  switch (asked.way) {
    case 'spawn':
      return { one: () => once(spawn(asked.program, [], { stdio: ['ignore', 'pipe', 'pipe'] }), 'close'), close: async () => undefined };
    case 'runs':
      return openRuns(asked);
    case 'socket':
      return openSockets(asked);
    case 'hook':
      return { one: () => fetch(asked.url ?? '').then((answer) => answer.arrayBuffer()), close: async () => undefined };
  }
}

/** The agent's part alone: journal, spawn, follow, record. */
async function openRuns({ program, folder }: Order) {
  const harness = makeHarness({ scripts: { resolve: async () => program } }, mkdtempSync(join(folder, 'runs-')));
  const caller = harness.caller('bench');
  const endings = new Map<string, () => void>();
  harness.runs.onChange((run) => {
    if (run.ended_at !== null) endings.get(run.task_id)?.();
  });
  return {
    one: async () => {
      const { task_id } = await harness.runs.start(caller, { script: 'program', source: 'api' });
      await new Promise<void>((resolve) => endings.set(task_id, resolve));
      endings.delete(task_id);
    },
    close: async () => {
      await harness.runs.close();
      harness.db.close();
    },
  };
}

/** Through everything; a socket per lane, because the edge limits the frames of each. */
async function openSockets({ url = '', headers = {}, atOnce, program }: Order) {
  const sockets = await Promise.all(
    Array.from({ length: atOnce }, async () => {
      const socket = new WebSocket(url, { headers, perMessageDeflate: false });
      await opened(socket, 'message');
      return socket;
    }),
  );
  return {
    one: (lane: number) =>
      new Promise<void>((resolve, reject) => {
        const socket = sockets[lane];
        const listen = (data: Buffer): void => {
          const ended = data.toString('latin1', 0, 14) === '{"type":"exit"';
          if (!ended && data.toString('latin1', 0, 15) !== '{"type":"error"') return;
          socket?.off('message', listen);
          if (ended) resolve();
          else reject(new Error(data.toString()));
        };
        socket?.on('message', listen);
        socket?.send(JSON.stringify({ type: 'run', script: program }));
      }),
    close: async () => {
      for (const socket of sockets) socket.terminate();
    },
  };
}
