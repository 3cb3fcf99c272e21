import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCloud } from '../harness/cloud.ts';

/** The Worker that was deployed into a folder, in a workerd, until it is ended. node edge.ts FOLDER ADDRESS */
const [, , folder = '', host = ''] = process.argv;
const bindings = { SETUP_CODE_HASH: readFileSync(join(folder, 'secret'), 'utf8') };
const edge = await startCloud(bindings, { host, port: 80, module: join(folder, 'index.js') });
console.log(`serves ${host}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void edge[Symbol.asyncDispose]().then(() => process.exit(0)));
