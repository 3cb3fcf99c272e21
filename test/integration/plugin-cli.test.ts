import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../tools/root.ts';
import { bareEnvironment } from '../harness/bare-environment.ts';
import { eventually } from '../harness/eventually.ts';

/** `toru plugin …` in processes of their own, and a real agent. */

const EXAMPLES = join(root, 'dist/examples/plugins');

let home: string;
let agent: ChildProcess;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'toru-plugin-cli-'));
  agent = start(['dist/agent/main.js'], { ADMIN_PASSWORD: 'a long enough one' }).child;
  await eventually('the agent is up', () => existsSync(join(home, 'api.sock')));
});
afterAll(async () => {
  agent.kill('SIGTERM');
  await once(agent, 'exit');
  rmSync(home, { recursive: true, force: true });
});

function start(args: string[], env: Record<string, string> = {}): { child: ChildProcess; output(): string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [join(root, args[0] ?? ''), ...args.slice(1)], {
    cwd: home,
    env: { ...bareEnvironment(), TORU_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return { child, output: () => output, ended: once(child, 'close').then(() => child.exitCode) };
}

async function toru(...args: string[]): Promise<{ code: number | null; output: string }> {
  const { ended, output } = start(['dist/agent/cli.js', 'plugin', ...args]);
  return { code: await ended, output: output() };
}

function get(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath: join(home, 'api.sock'), path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

it('installs, shows before it accepts, enables, lists, logs, disables and uninstalls', async () => {
  const installed = await toru('install', join(EXAMPLES, 'log-watch'));
  expect(installed).toMatchObject({
    code: 0,
    output: expect.stringMatching(/may start +log-alert[\s\S]*sha256 +[0-9a-f]{64}[\s\S]*toru plugin enable log-watch/),
  });
  expect(await toru('list')).toMatchObject({ code: 0, output: expect.stringMatching(/log-watch +1\.0\.0 +new/) });
  // Nobody to ask: nothing is accepted unseen.
  expect(await toru('enable', 'log-watch')).toMatchObject({ code: 125, output: expect.stringContaining('--yes') });
  expect(await toru('enable', 'log-watch', '--yes')).toMatchObject({ code: 0, output: expect.stringContaining('is running') });
  await eventually('its log line', async () => (await toru('logs', 'log-watch')).output.includes('No file is set.'));
  expect(await toru('disable', 'log-watch')).toMatchObject({ code: 0, output: expect.stringContaining('is disabled') });
  expect(await toru('uninstall', 'log-watch')).toMatchObject({ code: 125, output: expect.stringContaining('--yes') });
  expect(await toru('uninstall', 'log-watch', '--yes', '--data', 'remove')).toMatchObject({ code: 0 });
  expect(await toru('list')).toMatchObject({ output: expect.stringContaining('No plugins yet') });
  expect(await toru('enable', 'log-watch')).toMatchObject({ code: 125, output: expect.stringContaining('unknown_plugin') });
  expect(existsSync(join(home, 'plugins/log-watch')), 'plugins/log-watch').toBe(false);
});

it('dev: runs it, runs it again after a change, tells a mistake, and leaves nothing', async () => {
  await toru('new', 'hello', '--template', 'js');
  const file = join(home, 'hello/plugin.js');
  const dev = start(['dist/agent/cli.js', 'plugin', 'dev', 'hello']);
  try {
    await eventually('it runs', () => dev.output(), { holds: (said) => said.includes('running after') });
    expect(await get('/api/plugins/hello/count')).toBe('{"count":0}');
    expect((await toru('list')).output).toMatch(/hello .*running \(dev\)/);
    writeFileSync(file, readFileSync(file, 'utf8').replace('?? 0 })', '?? 42 })'));
    await eventually('the changed plugin answers', () => get('/api/plugins/hello/count'), { holds: (seen) => seen === '{"count":42}' });
    appendFileSync(file, "throw new Error('mistaken');\n");
    await eventually('the mistake is shown', () => dev.output(), {
      holds: (said) => said.includes('Error: mistaken') && said.includes('before it was ready'),
    });
    writeFileSync(file, readFileSync(file, 'utf8').replace("throw new Error('mistaken');", ''));
    await eventually('the changed plugin answers', () => get('/api/plugins/hello/count'), { holds: (seen) => seen === '{"count":42}' });
  } finally {
    dev.child.kill('SIGINT');
  }
  expect(await dev.ended).toBe(0);
  expect(await toru('list')).toMatchObject({ output: expect.stringContaining('No plugins yet') });
  expect(existsSync(join(home, 'plugins/hello')) || existsSync(join(home, 'plugins/.dev-hello')), 'plugins/.dev-hello').toBe(false);
});

it('dev does not take the place of a plugin that is installed', async () => {
  await toru('install', 'hello');
  expect(await toru('dev', 'hello')).toMatchObject({ code: 125, output: expect.stringContaining('is installed already') });
  expect((await toru('list')).output).toMatch(/hello .*new/);
});

it('dev leaves what an installation had kept, also when the one before it was killed', async () => {
  await toru('enable', 'hello', '--yes');
  await toru('uninstall', 'hello', '--yes', '--data', 'keep');
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const dev = start(['dist/agent/cli.js', 'plugin', 'dev', 'hello']);
    await eventually('it runs', () => dev.output(), { holds: (said) => said.includes('running after') }).finally(() =>
      dev.child.kill(signal),
    );
    await dev.ended;
    expect((await toru('list')).output).toMatch(signal === 'SIGKILL' ? /hello .*running \(dev\)/ : /hello .*missing/);
  }
});
