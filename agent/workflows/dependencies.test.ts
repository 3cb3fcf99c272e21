import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { removeUnusedDependencies } from './unused-dependencies.ts';
import type { WorkflowsHarness } from './workflows-harness.ts';
import { makeWorkflows } from './workflows-harness.ts';

/** Scripts with dependencies, with programs in npm's and uv's places: which argv they get, and what of it is kept. */

let flow: WorkflowsHarness | null = null;
afterEach(async () => {
  await flow?.close();
  flow = null;
  vi.unstubAllEnvs();
});

/** A program first on PATH, which notes down how it was called. */
async function scene(programs: Record<string, string>, yaml: string): Promise<WorkflowsHarness> {
  flow = await makeWorkflows();
  const bin = join(flow.home, 'bin');
  mkdirSync(bin);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(
      join(bin, name),
      `#!/bin/sh\nfor each in "$0" "$@"; do echo "$each" >> "${flow.home}/called"; done\nenv >> "${flow.home}/environment"\n${text}`,
    );
    chmodSync(join(bin, name), 0o755);
  }
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH'] ?? ''}`);
  flow.write('main.yaml', yaml);
  await flow.load();
  return flow;
}

const NPM = `
while [ $# -gt 0 ]; do if [ "$1" = --prefix ]; then folder=$2; fi; shift; done
mkdir -p "$folder/node_modules/answer"
echo '{ "name": "answer", "type": "module", "exports": "./index.js" }' > "$folder/node_modules/answer/package.json"
echo 'export const answer = 42;' > "$folder/node_modules/answer/index.js"
mkdir -p "$folder/node_modules/.bin"
printf '#!/bin/sh\\necho a tool' > "$folder/node_modules/.bin/answer-tool"
chmod +x "$folder/node_modules/.bin/answer-tool"
`;

it('installs what a script imports, once for all that name the same, and not with the step’s secrets in sight', async () => {
  const { home, execute, ended, ask, admin, folder } = await scene(
    { npm: NPM },
    `
actions:
  inline:
    type: script
    language: js
    dependencies: ['answer@1', '@scope/other']
    env: { HIDDEN: '{{ input.value }}', PIP_INDEX_URL: 'https://pypi.example/simple', npm_config_registry: 'https://npm.example', OTHER: hidden }
    script: |
      import { answer } from 'answer';
      import { execFileSync } from 'node:child_process';
      const tool = execFileSync('answer-tool', { encoding: 'utf8' }).trim();
      console.log('OUTPUT: ' + JSON.stringify({ answer, tool, args: process.argv.slice(2), hidden: process.env.HIDDEN }));
    args: ['{{ input.value }}']
    input: { value: { type: string } }
  file: { type: script, language: js, dependencies: ['@scope/other', 'answer@1'], source: scripts/file.mjs }
tasks:
  main: { flow: { one: { action: inline, input: { value: "it's $HOME" } }, two: { action: file, depends_on: [one] } } }
`,
  );
  mkdirSync(join(folder, 'scripts'));
  writeFileSync(
    join(folder, 'scripts/file.mjs'),
    `import { answer } from 'answer';\nconsole.log('OUTPUT: ' + JSON.stringify({ answer }));\n`,
  );
  const job = await ended(await execute('main'));
  const { text } = await ask(admin, 'GET', `/api/runs/${job.steps[0]?.task_id}/output`);
  expect({ state: job.state, errors: job.steps.map(({ error }) => error), text }).toMatchObject({ state: 'completed' });
  expect(job.steps.map(({ output }) => output)).toEqual([
    { answer: 42, tool: 'a tool', args: [`it's $HOME`], hidden: `it's $HOME` },
    { answer: 42 },
  ]);
  const called = readFileSync(join(home, 'called'), 'utf8').trim().split('\n');
  // Once, with each name as a word of its own.
  expect(called.slice(1)).toEqual([
    'install',
    '--prefix',
    expect.stringContaining('/dependencies/javascript-'),
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '@scope/other',
    'answer@1',
  ]);
  // What tells installers where packages are comes from the file; nothing else of the step's does.
  const environment = readFileSync(join(home, 'environment'), 'utf8').split('\n');
  expect(environment).toEqual(
    expect.arrayContaining(['PIP_INDEX_URL=https://pypi.example/simple', 'npm_config_registry=https://npm.example']),
  );
  expect(environment.filter((line) => /^(?:HIDDEN|OTHER|TORU_\w+)=/.test(line))).toEqual([]);
  expect(readdirSync(join(home, 'dependencies'))).toHaveLength(1);
});

it('installs into an environment of Python’s own by uv, and runs its interpreter', async () => {
  const { home, execute, ended } = await scene(
    {
      python3: 'exit 7',
      uv: `
if [ "$1" = venv ]; then
  while [ $# -gt 1 ]; do shift; done
  mkdir -p "$1/bin"
  printf '#!/bin/sh\\necho "OUTPUT: {\\\\"ran\\\\": \\\\"$(tool)\\\\"}"\\n' > "$1/bin/python"
  printf '#!/bin/sh\\necho a tool' > "$1/bin/tool"
  chmod +x "$1/bin/python" "$1/bin/tool"
fi
`,
    },
    `
actions:
  work: { type: script, language: python, dependencies: ['requests==2.32'], script: 'print(1)' }
tasks:
  main: { flow: { one: { action: work } } }
`,
  );
  const job = await ended(await execute('main'));
  expect([job.state, job.steps[0]?.error, job.steps[0]?.output]).toEqual(['completed', null, { ran: 'a tool' }]);
  expect(readFileSync(join(home, 'called'), 'utf8')).toContain('\nrequests==2.32\n');
});

it('reads TypeScript by its own Node where the host’s is too old for it', async () => {
  const { execute, ended } = await scene(
    { node: 'case $1 in --version) echo v20.19.0 ;; *) exit 9 ;; esac\n' },
    `
tasks:
  main:
    flow:
      one:
        type: script
        language: typescript
        script: |
          const n: number = 42;
          console.log('OUTPUT: ' + JSON.stringify({ n }));
`,
  );
  const job = await ended(await execute('main'));
  expect([job.state, job.steps[0]?.error, job.steps[0]?.output]).toEqual(['completed', null, { n: 42 }]);
});

/** Of Debian: one with pip. What stands first in PATH may be a program that looks for one. */
const PYTHON = '/usr/bin/python3';
const hasPip = spawnSync(PYTHON, ['-c', 'import venv, ensurepip']).status === 0;

it.skipIf(!hasPip)('installs by pip where there is no uv, from the index that the host says', async () => {
  const { home, execute, ended, ask, admin } = await scene(
    {},
    `
actions:
  work:
    type: script
    language: python
    interpreter: ${PYTHON}
    dependencies: [toru-answer==1.0]
    script: |
      import toru_answer, json
      print('OUTPUT: ' + json.dumps({ 'answer': toru_answer.ANSWER }))
tasks:
  main: { flow: { one: { action: work } } }
`,
  );
  const wheels = join(home, 'wheels');
  mkdirSync(wheels);
  const wheel = `
import zipfile, sys
with zipfile.ZipFile(sys.argv[1] + '/toru_answer-1.0-py3-none-any.whl', 'w') as made:
    made.writestr('toru_answer.py', 'ANSWER = 42')
    made.writestr('toru_answer-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: toru-answer\\nVersion: 1.0\\n')
    made.writestr('toru_answer-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    made.writestr('toru_answer-1.0.dist-info/RECORD', '')
`;
  expect(spawnSync(PYTHON, ['-c', wheel, wheels], { encoding: 'utf8' })).toMatchObject({ status: 0 });
  // A file, and no uv: no name of this machine's network.
  vi.stubEnv('PATH', '/usr/bin:/bin');
  vi.stubEnv('HOME', home);
  mkdirSync(join(home, '.config/pip'), { recursive: true });
  writeFileSync(join(home, '.config/pip/pip.conf'), `[global]\nno-index = true\nfind-links = ${wheels}\n`);
  const job = await ended(await execute('main'));
  const { text } = await ask(admin, 'GET', `/api/runs/${job.steps[0]?.task_id}/output`);
  expect([job.state, job.steps[0]?.output], `${job.steps[0]?.error} ${text}`).toEqual(['completed', { answer: 42 }]);
});

it('removes what no step has used for a month, and keeps what one uses', async () => {
  const { home, execute, ended } = await scene(
    { npm: NPM },
    `
actions:
  used: { type: script, language: js, dependencies: [answer@1], script: 'console.log(1)' }
tasks:
  main: { flow: { one: { action: used } } }
`,
  );
  await ended(await execute('main'));
  const folder = join(home, 'dependencies');
  const [used = ''] = readdirSync(folder);
  const old = new Date(Date.now() - 31 * 24 * 3_600_000);
  mkdirSync(join(folder, 'python-unused', 'bin'), { recursive: true });
  for (const name of [used, 'python-unused']) utimesSync(join(folder, name), old, old);
  // It is used again.
  await ended(await execute('main'));
  await removeUnusedDependencies(home);
  expect(readdirSync(folder)).toEqual([used]);
});

it('says so when they can’t be installed, and tries again the next time', async () => {
  const { home, execute, ended } = await scene(
    { npm: 'echo "npm error network getaddrinfo ENOTFOUND registry" >&2; exit 1' },
    `
actions:
  work: { type: script, language: js, dependencies: [nothing], script: 'console.log(1)' }
tasks:
  main: { flow: { one: { action: work } } }
`,
  );
  const job = await ended(await execute('main'));
  expect(job.steps[0]?.error).toContain(
    'could not be installed: npm ended with exit code 1. Is each name right, and can this host reach the registry?',
  );
  expect(readdirSync(join(home, 'dependencies'))).toEqual([]);
});
