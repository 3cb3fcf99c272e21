import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchedNode } from './fetched-node.ts';

/** On an older Node the native modules crash without a word, so this file imports none of ours. package.json says the same under `engines`. */
export const OLDEST_NODE = [22, 12] as const;

/** Is this version one that Toru runs on? @param version such as `22.12.0`. */
export function nodeFits(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/**
 * Loads a program of ours; on a Node that is too old it runs the same command line on the Node that is installed with Toru, passes
 * signals on, and ends as that one ended.
 * @param program imports what needs the newer Node.
 */
export function onOwnNode(program: () => Promise<unknown>): void {
  if (nodeFits(process.versions.node)) {
    // Not awaited by a module: a program that ends while its own import is awaited would exit with 13.
    program().catch((error: unknown) => {
      console.error(error);
      process.exit(70);
    });
    return;
  }
  const here = dirname(fileURLToPath(import.meta.url));
  const own = ownNode(here) ?? fetched(here);
  // A terminal tells the whole group of its Ctrl-C; who sends TERM or HUP names one process. Both are heard before the child is there.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const child = spawn(own, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  child.on('error', (error) => {
    process.stderr.write(`toru: ${own}: ${error.message}\n`);
    process.exit(70);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
}

/** Ends the process where there is none, with the reason. */
function fetched(folder: string): string {
  const [major, minor] = OLDEST_NODE;
  const tooOld = `this is Node ${process.versions.node}, and Toru needs ${major}.${minor} or newer`;
  try {
    const order = orderAbove(folder);
    if (order !== null) return fetchedNode(order);
    process.stderr.write(`toru: ${tooOld}: https://nodejs.org\n`);
  } catch (error) {
    process.stderr.write(`toru: ${tooOld}; ${error instanceof Error ? error.message : String(error)}\n`);
  }
  process.exit(78);
}

/** What is to be fetched for this package, or null in one without it. */
function orderAbove(folder: string): string | null {
  const order = join(folder, 'dist/node');
  if (existsSync(join(order, 'package-lock.json'))) return order;
  return folder === dirname(folder) ? null : orderAbove(dirname(folder));
}

/** The Node that `npm start` installed, or null. @param folder where to begin: it stands in that of the package, above. */
export function ownNode(folder: string): string | null {
  const path = join(folder, 'node_modules/.bin/node');
  if (existsSync(path) && realpathSync(path) !== realpathSync(process.execPath)) return path;
  return folder === dirname(folder) ? null : ownNode(dirname(folder));
}
