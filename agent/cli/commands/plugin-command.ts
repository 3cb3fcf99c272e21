import type { Command } from '../command.ts';
import { UsageError } from '../io.ts';
import { dev } from '../plugin/dev-session.ts';
import { disable, enable, install, list, uninstall } from '../plugin/manage.ts';
import { create } from '../plugin/new.ts';
import { packPlugin, test } from '../plugin/pack-plugin.ts';
import { logs } from '../plugin/plugin-logs.ts';

const COMMANDS: ReadonlyMap<string, Command['run']> = new Map(
  Object.entries({ new: create, dev, test, pack: packPlugin, install, uninstall, list, enable, disable, logs }),
);

/** toru plugin */
export const plugin: Command = {
  summary: 'Write, install and manage plugins',
  help: `Usage: toru plugin COMMAND

For who uses them:
  list [--json]                   the plugins of this host
  install FILE|FOLDER [--enable]  from an archive (.tgz) or a folder; nothing of it runs until it is enabled
  enable ID [--yes]               start it, now and with every start of the agent
  disable ID                      stop it; what it keeps stays
  uninstall ID [--data keep|remove] [--yes]
  logs ID [-n LINES] [--follow]   what it logs and prints

For who writes them:
  new NAME [--template ts|js|python]   a small working plugin in the folder NAME
  dev [FOLDER]                    run it under the agent, and again after every change; Ctrl-C removes it
  test [FOLDER] [-- ARG…]         its tests: node --test, without an agent
  pack [FOLDER] [--out FILE]      its archive, ID-VERSION.tgz; the same files give the same bytes

A plugin is code that runs as your own user: install what you trust.

  toru plugin new weather && toru plugin dev weather
  toru plugin install weather-1.0.0.tgz --enable
  toru plugin logs weather --follow
`,
  run: async ([name, ...rest], io) => {
    const run = COMMANDS.get(name ?? '');
    if (run === undefined) {
      throw new UsageError(name === undefined ? 'What to do with plugins is missing.' : `“plugin ${name}” is not a command.`);
    }
    return run(rest, io);
  },
};
