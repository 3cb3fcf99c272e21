import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'vite';
import { buildPrograms } from './build.ts';
import { root } from './root.ts';
import { watchSources } from './watch-sources.ts';

/** The folders that the page's own server does not watch: a change there needs a new build, and a new start of Toru. */
const PROGRAMS = ['agent', 'embedded', 'plugin-sdk', 'shared', 'worker'];
const PAGE = 'worker/ui';

/**
 * `npm run dev`: Toru on the sources, with a home of its own (`.dev/`, unless TORU_HOME says another). The page comes from
 * Vite, and shows a change at once; after a change of the agent or the edge both are built and started again, while runs go on.
 */
async function dev(): Promise<void> {
  const { TORU_HOME: home = join(root, '.dev'), STEERING_PORT: port = '3000' } = process.env;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const env = { ...process.env, TORU_HOME: home, STEERING_PORT: port };
  let toru = start(env);

  const vite = await createServer({ configFile: join(root, PAGE, 'vite.config.ts'), clearScreen: false });
  await vite.listen();
  say(`the page, which follows your changes: ${vite.resolvedUrls?.local[0]}`);

  let stopping = false;
  const watcher = watchSources(root, PROGRAMS, PAGE, async (changed) => {
    say(`${changed} changed`);
    try {
      await buildPrograms();
    } catch {
      return say('the build failed, as said above; what was built before goes on');
    }
    await end(toru);
    if (!stopping) toru = start(env);
  });

  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    watcher.close();
    await Promise.all([vite.close(), end(toru)]);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
}

function start(env: NodeJS.ProcessEnv): ChildProcess {
  // A group of its own: Ctrl-C is for this process, which ends the other in order.
  const child = spawn(process.execPath, [join(root, 'dist/embedded/start.js')], { env, stdio: 'inherit', detached: true });
  child.once('exit', (code) => {
    if (code !== null && code !== 0) say(`Toru ended with ${code}; the next change starts it again`);
  });
  return child;
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

function say(text: string): void {
  process.stderr.write(`toru: ${text}\n`);
}

await dev();
