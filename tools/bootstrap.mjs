// Makes a checkout ready to run: installs what is missing, builds what is stale. `npm start` and `npm test` begin with it.
// Plain JavaScript without dependencies, for it runs before they are there, and on whatever Node the machine has (18 or newer).
//
// --start: only the packages that a start needs, not those for developing. --no-build: no build.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The Node that runs everything else: a link, made by linkNode. */
const node = join(root, 'node_modules', '.bin', 'node');
/** The oldest Node that runs the build (TypeScript without a flag, `import.meta.main`). */
const OLDEST_FOR_BUILD = [24, 2];
const onlyStart = process.argv.includes('--start');

if (process.platform !== 'linux' && process.platform !== 'darwin') {
  fail(`Toru runs on Linux and macOS. This is ${process.platform}.`);
}
if (!installed({ developing: !onlyStart })) install();
linkNode();
if (!process.argv.includes('--no-build')) {
  run(node, ['tools/build.ts', '--if-stale'], 'The build failed; its messages stand above.');
}

/**
 * Whether every package of the lock file is installed, in its version.
 * @param {{developing: boolean}} what with the packages that only developers need, or without
 */
function installed({ developing }) {
  const have = packagesOf(join('node_modules', '.package-lock.json'));
  const want = packagesOf('package-lock.json');
  if (!have || !want) return false;
  return Object.entries(want).every(([path, { version, optional, link, dev, devOptional }]) => {
    // Those without the folder are Toru's own package and its workspace. Optional ones are for other systems, where they are absent.
    if (!path.startsWith('node_modules/') || link || ((optional || devOptional) && !have[path])) return true;
    if (dev && !developing) return true;
    // npm notes down what it would install, too (`npm install --package-lock-only`).
    return have[path]?.version === version && existsSync(join(root, path, 'package.json'));
  });
}

function install() {
  say('Installing dependencies. The first time takes a minute or two.');
  // Level `error`: the machine's Node may be older than packages ask for; they run on the one that is installed here.
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const failed = 'npm failed. Its messages above say why; is the registry in reach?';
  const start = ['--omit=dev', '--workspace=toru-builder', '--include-workspace-root'];
  // A start has its packages already: `npm ci` would take them away under a Toru that runs on them.
  const adds = !onlyStart && installed({ developing: false });
  if (onlyStart) run('npm', ['ci', ...start, ...quiet], failed);
  else if (adds) run('npm', ['install', '--no-save', ...quiet], failed);
  else run('npm', ['ci', ...quiet], failed);
  if (!installed({ developing: !onlyStart })) fail('npm ended, but packages are still missing. Delete node_modules and try again.');
}

/**
 * Points node_modules/.bin/node to a Node that runs: the one of the packages, which the lock file pins; where that one
 * can't run here, the machine's own if it is new enough. (npm 10 forgets this link, npm 11 makes it.)
 */
function linkNode() {
  const { platform, arch } = process;
  const packed = [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`]
    .map((name) => join(root, 'node_modules', name, 'bin', 'node'))
    .find((path) => existsSync(path));
  const tried = packed && spawnSync(packed, ['--version'], { encoding: 'utf8' });
  if (tried?.status === 0) return link(packed);
  const missing = /error while loading shared libraries: (\S+):/.exec(tried?.stderr ?? '')?.[1];
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const suits = major > OLDEST_FOR_BUILD[0] || (major === OLDEST_FOR_BUILD[0] && minor >= OLDEST_FOR_BUILD[1]);
  const why = missing
    ? `the Node that comes with Toru needs the library ${missing}${packageOf(missing)}`
    : packed
      ? 'the Node that comes with Toru does not run on this system'
      : `there is no Node among Toru’s packages for ${platform} on ${arch}`;
  if (!suits) {
    const other = `install Node ${OLDEST_FOR_BUILD.join('.')} or newer and type the same again`;
    fail(`${why}. ${missing ? `Install that, or ${other}` : `Please ${other}`}; this is Node ${process.versions.node}.`);
  }
  if (linkOf() !== realpathSync(process.execPath)) say(`${why}; using this machine’s own Node ${process.versions.node} instead.`);
  link(realpathSync(process.execPath));
}

/** @param {string} library */
function packageOf(library) {
  const name = { 'libatomic.so.1': ['libatomic1', 'libatomic'], 'libstdc++.so.6': ['libstdc++6', 'libstdc++'] }[library];
  return name ? ` (Debian, Ubuntu: apt install ${name[0]} · Fedora: dnf install ${name[1]})` : '';
}

/** @param {string} target */
function link(target) {
  if (linkOf() === realpathSync(target)) return;
  mkdirSync(dirname(node), { recursive: true });
  rmSync(node, { force: true });
  symlinkSync(target.startsWith(root) ? relative(dirname(node), target) : target, node);
}

function linkOf() {
  try {
    return realpathSync(node);
  } catch {
    return undefined;
  }
}

/** @param {string} file a lock file, from the root */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} otherwise what to say when it fails
 */
function run(command, args, otherwise) {
  const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`;
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: path } });
  if (signal) process.exit(130);
  if (error || status !== 0) fail(error ? `${command}: ${error.message}` : otherwise);
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`toru: ${text}\n`);
}

/** @param {string} text */
function fail(text) {
  say(text);
  process.exit(1);
}
