import { runCli } from './cli.ts';
import { becomeOwner, withAgentHome } from './enter-home.ts';
import { processIo } from './io.ts';

/** They begin a home, and look for none. */
const STARTERS: ReadonlySet<string | undefined> = new Set(['start', 'agent', 'restore']);

const args = process.argv.slice(2);
const env = STARTERS.has(args[0]) ? process.env : becomeOwner(withAgentHome(process.env));
// Not awaited: a program that ends while its module is awaited exits with 13 (`toru agent`, told to stop).
void runCli(args, processIo(env)).then((code) => {
  process.exitCode = code;
});
