import { runCli } from './cli.ts';
import { processIo } from './io.ts';

// Not awaited: a program that ends while its module is awaited exits with 13 (`toru agent`, told to stop).
void runCli(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code;
});
