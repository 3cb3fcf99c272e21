import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { z } from 'zod';
import { withoutPorts } from '../../embedded/no-ports.ts';
import { root } from '../../tools/root.ts';
import { answerOrders } from '../processes.ts';

/** The bare relay in the same workerd, with the same compatibility date and on a Unix socket too, as a process. Answers when it listens. */

const order = z.object({ socket: z.string() });
const built = z.object({ compatibilityDate: z.string() });

answerOrders(async (said) => {
  withoutPorts(order.parse(said).socket);
  const { compatibilityDate } = built.parse(JSON.parse(readFileSync(join(root, 'dist/worker/options.json'), 'utf8')));
  const edge = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: readFileSync(join(import.meta.dirname, 'worker.js'), 'utf8') }],
    compatibilityDate,
    durableObjects: { RELAY: { className: 'Relay', useSQLite: true } },
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.ERROR),
  });
  process.once('SIGTERM', () => void edge.dispose().finally(() => process.exit(0)));
  await edge.ready;
  return 0;
});
