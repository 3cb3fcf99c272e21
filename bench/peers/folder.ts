import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where other engines of workflows, and another program for terminals, are installed, which this repository does not name among its
 * packages: `npm install @restatedev/restate-server @restatedev/restate-sdk @dbos-inc/dbos-sdk wetty` in the folder that
 * TORU_BENCH_PEERS says.
 */
const FOLDER = process.env['TORU_BENCH_PEERS'] ?? '';

/** The path of something in that folder; null where it is not there. */
export function inPeers(...path: string[]): string | null {
  const found = join(FOLDER, ...path);
  return FOLDER !== '' && existsSync(found) ? found : null;
}

/** An engine that runs chains of 40 steps, each of which is durable before the next one begins. */
export interface Engine extends AsyncDisposable {
  /** Runs one, and waits for its end. `none`: steps that do nothing; `true`: each spawns /bin/sh -c true. */
  run(chain: 'none' | 'true'): Promise<void>;
}

/** The head of a program in JavaScript that finds its packages there: its first argument is the folder. */
export const HEAD = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
const require = createRequire(process.argv[2] + '/package.json');
const STEPS = 40;
const doing = {
  none: async () => null,
  true: async () => void (await once(spawn('/bin/sh', ['-c', 'true'], { stdio: 'ignore' }), 'close')),
};
`;
export const PEERS = FOLDER;
