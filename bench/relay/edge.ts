import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { listening, spawnWorkerd } from '../../embedded/workerd.ts';
import { root } from '../../tools/root.ts';
import { answerOrders } from '../helper-process.ts';

/** The bare relay in the same workerd, with the same compatibility date and on a Unix socket too, as a process. Answers when it listens. */

const order = z.object({ socket: z.string() });
const built = z.object({ compatibilityDate: z.string() });

answerOrders(async (message) => {
  const { socket } = order.parse(message);
  const { compatibilityDate } = built.parse(JSON.parse(readFileSync(join(root, 'dist/worker/options.json'), 'utf8')));
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "relay", worker = .relay)],
  sockets = [(name = "entry", http = (), service = "relay")],
);
const relay :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "/worker.js")],
  compatibilityDate = "${compatibilityDate}",
  bindings = [(name = "RELAY", durableObjectNamespace = "Relay")],
  durableObjectNamespaces = [(className = "Relay", uniqueKey = "relay", enableSql = true)],
  durableObjectStorage = (inMemory = void),
);
`;
  const edge = spawnWorkerd({ config, code: import.meta.dirname, socket, folders: {}, private: dirname(socket), env: process.env });
  process.once('SIGTERM', () => {
    edge.once('exit', () => process.exit(0));
    edge.kill('SIGTERM');
  });
  await listening(edge);
  return 0;
});
