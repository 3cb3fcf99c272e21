import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../test/harness/eventually.ts';
import { freePort } from '../../test/harness/toru.ts';

/** adnanh/webhook, as Debian packages it. */
const PROGRAM = '/usr/bin/webhook';

export const isInstalled = (): boolean => existsSync(PROGRAM);

/** A running webhook with hooks that answer with what their scripts print, when these have ended. */
export interface Webhook extends AsyncDisposable {
  pid: number;
  /** The address of a hook. */
  url(hook: string): string;
}

/** @param folder for its configuration. @param scripts by the name of the hook that starts them. */
export async function startWebhook(folder: string, scripts: Record<string, string>): Promise<Webhook> {
  const file = join(folder, 'hooks.json');
  const hooks = Object.entries(scripts).map(([id, path]) => ({ id, 'execute-command': path, 'include-command-output-in-response': true }));
  writeFileSync(file, JSON.stringify(hooks));
  const port = await freePort();
  const child = spawn(PROGRAM, ['-hooks', file, '-ip', '127.0.0.1', '-port', String(port)], { stdio: 'ignore' });
  const url = (hook: string): string => `http://127.0.0.1:${port}/hooks/${hook}`;
  const answers = async (): Promise<boolean> => (await fetch(url('none')).catch(() => null)) !== null;
  await eventually('webhook answers', answers, { holds: (seen) => seen });
  return {
    pid: child.pid ?? 0,
    url,
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
    },
  };
}
