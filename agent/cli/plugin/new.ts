import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ToruError } from '../../../shared/errors.ts';
import { pluginId } from '../../../shared/plugins.ts';
import { packageRoot } from '../../system/package-root.ts';
import { oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';

const TEMPLATES = ['ts', 'js', 'python'];
/** The name by which the templates call themselves. */
const [PLACEHOLDER_ID, PLACEHOLDER_NAME] = ['my-plugin', 'My plugin'];

/** toru plugin new: needs no network and no npm, for the SDK is copied into the folder. */
export async function create(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { template: { type: 'string', short: 't', default: 'ts' } });
  const folder = resolve(oneWord(positionals, 'The plugin’s name'));
  const id = basename(folder);
  if (!pluginId.safeParse(id).success) throw new UsageError(`“${id}” is no plugin’s name: small letters, digits and hyphens, at most 40.`);
  if (!TEMPLATES.includes(values.template)) throw new UsageError(`--template is one of ${TEMPLATES.join(', ')}.`);
  if (existsSync(folder)) throw new ToruError('conflict', `${folder} exists. Choose another name.`);
  const template = join(packageRoot(), 'dist/plugin-templates', values.template);
  if (!existsSync(template)) throw new ToruError('not_found', `${template} is missing. Build it: npm run build`);
  cpSync(template, folder, { recursive: true });
  const manifest = join(folder, 'plugin.json');
  const text = readFileSync(manifest, 'utf8')
    .replace(`"${PLACEHOLDER_ID}"`, `"${id}"`)
    .replace(`"${PLACEHOLDER_NAME}"`, `"${titleOf(id)}"`);
  writeFileSync(manifest, text);
  await print(
    io,
    `${folder} is a whole plugin. Next:

  toru plugin dev ${positionals[0]}    run it under your agent, and change it
  toru plugin test ${positionals[0]}   run its tests
  toru plugin pack ${positionals[0]}   make its archive

Begin with ${values.template === 'python' ? 'plugin.py' : `plugin.${values.template}`} and plugin.json.`,
  );
  return 0;
}

/** "disk-watch" → "Disk watch" */
function titleOf(id: string): string {
  return `${id.charAt(0).toUpperCase()}${id.slice(1).replaceAll('-', ' ')}`;
}
