import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** What `npm ci` reads: the Node that Toru was built for, by the hashes of Toru's own lock file (tools/pack-node.ts). */
const ORDER = ['package.json', 'package-lock.json'] as const;

/** Why there is no Node to run on, with the next step. */
export class NoNode extends Error {
  override name = 'NoNode';
}

/**
 * The Node that Toru was built for, for a package that was installed without one. It is fetched by npm once, which is said: by root
 * beside the package, for everybody, by others into a folder of their own.
 * @param order dist/node of the package.
 * @returns its path. @throws NoNode
 */
export function fetchedNode(order: string): string {
  const version = versionIn(order);
  // npm leaves alone what begins with a dot.
  const shared = join(dirname(dirname(dirname(order))), `.toru-node-${version}`);
  const own = join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'toru', `node-${version}`);
  const found = programIn(shared) ?? programIn(own);
  if (found !== null) return found;
  const folder = process.getuid?.() === 0 ? shared : own;
  process.stderr.write(
    `toru: this is Node ${process.versions.node}, which Toru can’t run on. Fetching Node ${version} by npm into ${folder}, once: about 50 MB.\n`,
  );
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}.`);
  // Beside the package it is for everybody.
  chmodSync(work, 0o755);
  try {
    for (const file of ORDER) copyFileSync(join(order, file), join(work, file));
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
    const { status, error } = spawnSync('npm', ['ci', ...quiet], { cwd: work, stdio: ['ignore', 2, 2] });
    if (error !== undefined || status !== 0)
      throw new NoNode(
        `${error === undefined ? 'npm could not fetch it; its messages stand above' : `npm: ${error.message}`}. ${OTHERWISE}`,
      );
    checkRuns(programIn(work));
    // Somebody else may have been faster.
    if (programIn(folder) === null) renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return programIn(folder) ?? missing();
}

const OTHERWISE = 'Try again, or install Node 22.12 or newer yourself: https://nodejs.org';

function versionIn(order: string): string {
  return /"version": "([\d.]+)"/.exec(readFileSync(join(order, 'package.json'), 'utf8'))?.[1] ?? '0';
}

function programIn(folder: string): string | null {
  const { platform, arch } = process;
  const names = [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`];
  return names.map((name) => join(folder, 'node_modules', name, 'bin', 'node')).find((path) => existsSync(path)) ?? null;
}

/** @throws NoNode where a library of the system is missing. */
function checkRuns(program: string | null): void {
  const tried = spawnSync(program ?? missing(), ['--version'], { encoding: 'utf8' });
  if (tried.status === 0) return;
  const library = /error while loading shared libraries: (\S+):/.exec(tried.stderr)?.[1];
  const fix = library === 'libatomic.so.1' ? ' (Debian, Ubuntu: apt install libatomic1 · Fedora: dnf install libatomic)' : '';
  throw new NoNode(
    library === undefined ? `it does not run here. ${OTHERWISE}` : `it needs the library ${library}${fix}. Install that, and try again.`,
  );
}

function missing(): never {
  throw new NoNode(`there is none for ${process.platform} on ${process.arch}. Install Node 22.12 or newer yourself: https://nodejs.org`);
}
