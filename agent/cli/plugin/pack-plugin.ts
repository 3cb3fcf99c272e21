import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { ToruError } from '../../../shared/errors.ts';
import { oneWord, parse } from '../command.ts';
import type { Io, Output } from '../io.ts';
import { OUR_FAILURE, print } from '../io.ts';
import { bytes } from '../plain-text.ts';

/** toru plugin pack */
export async function packPlugin(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { out: { type: 'string', short: 'o' } });
  const { pack } = await import('../../plugins/installed/install-plugin.ts');
  const { manifest, archive } = await pack(folderOf(positionals));
  const file = resolve(values.out ?? `${manifest.id}-${manifest.version}.tgz`);
  writeFileSync(file, archive);
  await print(io, `${file}: ${bytes(archive.length)}`);
  return 0;
}

/** toru plugin test: Node finds the tests by their names (plugin.test.ts and the like). */
export async function test(args: string[], io: Io): Promise<number> {
  const { positionals } = parse(args, {});
  const more = args.includes('--') ? args.slice(args.indexOf('--') + 1) : [];
  const cwd = folderOf(positionals.slice(0, positionals.length - more.length));
  const child = spawn(process.execPath, ['--test', ...more], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill('SIGTERM');
  io.interrupted.addEventListener('abort', stop, { once: true });
  const closed = once(child, 'close');
  await Promise.all([copy(child.stdout, io.out), copy(child.stderr, io.err), closed]);
  return child.exitCode ?? OUR_FAILURE;
}

/** @returns absolute. @throws ToruError not_found */
export function folderOf(words: readonly string[]): string {
  const folder = resolve(words.length === 0 ? '.' : oneWord(words, 'The folder'));
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new ToruError('not_found', `${folder} is not a folder.`);
  return folder;
}

async function copy(from: Readable, to: Output): Promise<void> {
  for await (const chunk of from) await to.write(chunk);
}
