import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StartError } from '../../start-error.ts';
import { packageRoot } from '../../system/package-root.ts';
import type { Command } from '../command.ts';
import { noWords, oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { askKey } from '../prompt.ts';
import { clone, globalPackage } from '../service/installed-package.ts';
import { removeService, runningService } from '../service/running-service.ts';
import { update as updatePackage } from '../service/update.ts';

/** toru update */
export const update: Command = {
  summary: 'Bring a newer Toru, and go back by itself when it fails',
  help: `Usage: toru update FILE.tgz      where npm installed it
       toru update               in a clone: what its branch has

Replaces this Toru, starts its service again, and waits until the host is linked. One that is not
linked within 60 s is taken back, with the database as it was if the newer one changed that.
Runs go on. Ends with 125 when it went back.

  sudo toru update ./toru-0.2.0.tgz
`,
  run: async (args, io) => {
    const { positionals } = parse(args, {});
    const root = packageRoot();
    const running = runningService(io.env);
    if (existsSync(join(root, '.git'))) {
      noWords(positionals);
      return updatePackage(root, clone(root), running, io);
    }
    const file = resolve(oneWord(positionals, 'The tarball of the newer version'));
    if (!existsSync(file)) throw new UsageError(`${file} does not exist.`);
    return updatePackage(root, globalPackage(root, file), running, io);
  },
};

/** toru uninstall */
export const uninstall: Command = {
  summary: 'Remove the service, and with --home all that it kept',
  help: `Usage: toru uninstall [--home DIR]

Stops and removes the service, and says what is left and how to remove that. With --home and the path
of its home, history, users, scripts in it and this host’s key are removed too, after a question.
It needs no network.

  sudo toru uninstall
  sudo toru uninstall --home /var/lib/toru
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { home: { type: 'string' } });
    noWords(positionals);
    const running = runningService(io.env);
    if (running === null && values.home === undefined) await print(io, 'No service of Toru is installed here.');
    if (values.home !== undefined && running !== null && resolve(values.home) !== running.home)
      throw new StartError(`The home of the service is ${running.home}, not ${resolve(values.home)}.`);
    const home = values.home === undefined ? null : resolve(values.home);
    if (home !== null && !existsSync(join(home, 'toru.db'))) throw new StartError(`${home} is no home of Toru: there is no toru.db in it.`);
    if (home !== null && !(await isSure(home, io))) {
      await note(io, 'nothing was removed');
      return 125;
    }
    await removeService(running, home, io);
    const rest = [`the package (npm uninstall --global toru, or the clone ${packageRoot()})`];
    if (home === null && running !== null) rest.unshift(`${running.home} (toru uninstall --home ${running.home})`);
    await print(io, `Left are ${rest.join(' and ')}.`);
    return 0;
  },
};

/** Asked at the terminal only: a script that means it removes the folder itself. */
async function isSure(home: string, io: Io): Promise<boolean> {
  if (io.keyboard === null)
    throw new StartError(`This is asked at a terminal only. Without one: toru uninstall, then remove ${home} yourself.`);
  const question = `Remove ${home}, with its history, users, scripts and this host’s key? Nothing brings them back. [y/N] `;
  return (await askKey(question, 'y', io.keyboard, io.err)) === 'y';
}
