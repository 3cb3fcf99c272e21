// Makes a checkout ready to run: installs what is missing, builds what is stale. `npm start` and `npm test` begin with it.
// Plain JavaScript without dependencies, for it runs before they are there, and on whatever Node the machine has (18 or newer).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', '.bin', 'node');

if (process.platform !== 'linux' && process.platform !== 'darwin') {
  fail(`Toru runs on Linux and macOS. This is ${process.platform}.`);
}
if (!installed()) {
  say('Installing dependencies (npm ci). The first time takes a minute or two.');
  // Level `error`: the machine's Node may be older than packages ask for; they run on the one that is installed here.
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed. Its messages above say why; is the registry in reach?');
  if (!installed()) fail('npm ci ended, but packages are still missing. Delete node_modules and try again.');
}
if (!process.argv.includes('--no-build')) {
  run(node, ['tools/build.ts', '--if-stale'], 'The build failed; its messages stand above.');
}

/** Whether every package of the lock file is installed, in its version, and the Node that comes with them runs. */
function installed() {
  const have = packagesOf(join('node_modules', '.package-lock.json'));
  const want = packagesOf('package-lock.json');
  if (!have || !want) return false;
  const complete = Object.entries(want).every(([path, { version, optional, link }]) => {
    // Optional ones are for other systems, where they are absent.
    if (path === '' || link || (optional && !have[path])) return true;
    return have[path]?.version === version;
  });
  return complete && existsSync(node) && spawnSync(node, ['--version']).status === 0;
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
