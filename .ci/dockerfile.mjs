// Runs the lines of a Dockerfile in chroots, where no container engine is: FROM, WORKDIR, COPY, RUN, ENV, USER, ENTRYPOINT, CMD and what
// only describes. Prints the last stage as JSON: {root, cwd, env, user, command}.
//   node dockerfile.mjs DOCKERFILE CONTEXT BASE WORK      BASE: the root folder of what FROM names
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const [dockerfile, context, base, work] = process.argv.slice(2);
const lines = readFileSync(dockerfile, 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '');
const stages = new Map();
let stage;

for (const line of lines) {
  const [, word, rest] = /^(\S+)\s+(.*)$/.exec(line);
  process.stderr.write(`${line.slice(0, 110)}\n`);
  step(word, rest);
}
const { root, cwd, env, user, entrypoint, command } = stage;
console.log(JSON.stringify({ root, cwd, env, user, command: [...entrypoint, ...command] }));

function step(word, rest) {
  switch (word) {
    case 'FROM': {
      const [image, , name = String(stages.size)] = rest.split(/\s+/);
      const from = stages.get(image)?.root ?? base;
      const root = join(work, `stage-${stages.size}`);
      execFileSync('cp', ['-a', from, root]);
      mkdirSync(join(root, 'proc'), { recursive: true });
      stage = { root, cwd: '/', env: {}, user: 'root', entrypoint: [], command: [] };
      stages.set(name, stage);
      return;
    }
    case 'WORKDIR':
      stage.cwd = resolve(stage.cwd, rest);
      mkdirSync(join(stage.root, stage.cwd), { recursive: true });
      return;
    case 'ENV':
      for (const [, name, value] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value;
      return;
    case 'USER':
      stage.user = rest;
      return;
    case 'COPY':
      return copy(rest);
    case 'RUN':
      execFileSync('mount', ['-t', 'proc', 'proc', join(stage.root, 'proc')]);
      try {
        const script = `cd ${stage.cwd} && ${rest}`;
        execFileSync('chroot', [stage.root, '/usr/bin/env', ...environment(), 'sh', '-c', script], { stdio: ['ignore', 2, 2] });
      } finally {
        execFileSync('umount', [join(stage.root, 'proc')]);
      }
      return;
    case 'ENTRYPOINT':
      stage.entrypoint = JSON.parse(rest);
      return;
    case 'CMD':
      stage.command = JSON.parse(rest);
      return;
    case 'VOLUME':
    case 'EXPOSE':
      return;
    default:
      throw new Error(`a line that this does not know: ${word}`);
  }
}

function environment() {
  const ours = ['npm_config_registry', 'npm_config_cafile', 'NODE_EXTRA_CA_CERTS', 'https_proxy', 'http_proxy'];
  const passed = ours.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`]));
  const own = Object.entries(stage.env).map(([name, value]) => `${name}=${value}`);
  return ['-i', 'HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...passed, ...own];
}

/** As COPY does: of a folder its content, several things into a folder. */
function copy(rest) {
  const from = /^--from=(\S+)\s+/.exec(rest);
  const words = rest.slice(from?.[0].length ?? 0).split(/\s+/);
  const to = words.pop();
  const source = from === null ? context : stages.get(from[1]).root;
  const target = join(stage.root, resolve(stage.cwd, to));
  const intoFolder = to.endsWith('/') || words.length > 1 || to === '.' || to === './';
  for (const word of words) {
    const path = join(source, word);
    const isFolder = statSync(path).isDirectory();
    if (isFolder || intoFolder) mkdirSync(target, { recursive: true });
    if (!isFolder) execFileSync('cp', ['-a', '--no-preserve=ownership', path, intoFolder ? join(target, basename(path)) : target]);
    else for (const name of readdirSync(path)) execFileSync('cp', ['-a', '--no-preserve=ownership', join(path, name), target]);
  }
}
