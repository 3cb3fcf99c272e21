import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashOfSource, RUNNER_NAME } from './runner-files.ts';

const SOURCE = join(import.meta.dirname, 'runner.c');
const PREBUILT = join(import.meta.dirname, 'prebuilt');
const STRICT = ['-std=c11', '-Wall', '-Wextra', '-Werror'];

/** A compiler that makes no end of it is given up. */
const COMPILE_MS = 20_000;

/**
 * Compiles the native runner.
 * @param compiler its command, with options. @param out the file to make. @returns what the compiler says; null when it is made.
 */
export function compileRunner([command = 'cc', ...options]: readonly string[], out: string, limitMs = COMPILE_MS): string | null {
  const hash = hashOfSource(readFileSync(SOURCE));
  const args = [...STRICT, `-DSOURCE_HASH="${hash}"`, '-o', out, SOURCE, ...options];
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: limitMs });
  return status === 0 ? null : stderr || String(error ?? `${command} failed`);
}

/**
 * The compilers of what is committed: static, so that it runs on any Linux. On Debian: `musl-tools`, and for arm64
 * `gcc-aarch64-linux-gnu` with the files of `musl-dev:arm64` under MUSL_ARM64 (`dpkg -x`).
 */
const SMALL = ['-static', '-Os', '-s', '-ffunction-sections', '-Wl,--gc-sections', '-Wl,--build-id=none'];
function prebuiltCompilers(): Record<string, string[]> {
  const musl = process.env['MUSL_ARM64'] ?? '/usr';
  const lib = join(musl, 'usr/lib/aarch64-linux-musl');
  const arm = ['aarch64-linux-gnu-gcc', '-nostdlib', '-nostdinc', '-isystem', join(musl, 'usr/include/aarch64-linux-musl')];
  const parts = [join(lib, 'crt1.o'), join(lib, 'crti.o'), join(lib, 'crtn.o'), `-L${lib}`];
  return {
    'toru-runner-linux-x64': ['musl-gcc', ...SMALL],
    'toru-runner-linux-arm64': [...arm, ...SMALL, ...parts, '-Wl,--start-group', '-lc', '-lgcc', '-Wl,--end-group'],
  };
}

/** `node agent/runner/build.ts --prebuilt`: makes what is committed, after every change of the source. */
function buildPrebuilt(): void {
  mkdirSync(PREBUILT, { recursive: true });
  for (const [name, compiler] of Object.entries(prebuiltCompilers())) {
    const problem = compileRunner(compiler, join(PREBUILT, name));
    if (problem !== null) throw new Error(`${name}: ${problem}`);
  }
}

/** A part of the build: what is prebuilt, and what a compiler of this machine makes, when it has one. */
function buildForHere(): void {
  const folder = join(import.meta.dirname, '../../dist/agent/runner');
  mkdirSync(join(folder, 'compiled'), { recursive: true });
  for (const name of readdirSync(PREBUILT)) {
    copyFileSync(join(PREBUILT, name), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
  if (process.platform !== 'linux') return;
  const file = join(folder, 'compiled', RUNNER_NAME);
  const problem = compileRunner(['cc', '-O2', '-s'], file);
  if (problem !== null) rmSync(file, { force: true });
}

if (import.meta.main) {
  if (process.argv.includes('--prebuilt')) buildPrebuilt();
  else buildForHere();
}
