import { resolve } from 'node:path';
import type { PluginDetails } from '../../../shared/plugins.ts';
import { noWords, oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { bytes, table } from '../plain-text.ts';
import { askKey } from '../prompt.ts';
import { plain } from '../terminal-filter.ts';
import { isDev, unmarkDev } from './dev-mark.ts';
import { disablePlugin, enablePlugin, idOf, installPlugin, listPlugins, removePlugin, viewPlugin } from './plugin-client.ts';

const YES = { yes: { type: 'boolean', short: 'y' } } as const;
const ID = 'The plugin’s id (see: toru plugin list)';

/** toru plugin list */
export async function list(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { json: { type: 'boolean' } });
  noWords(positionals);
  const plugins = await listPlugins(io);
  if (values.json === true) await print(io, JSON.stringify(plugins, null, 2));
  else if (plugins.length === 0)
    await print(io, 'No plugins yet. Install one (toru plugin install FILE), or write one (toru plugin new NAME).');
  else {
    const rows = plugins.map(({ id, version, state, problem, description }) => [
      id,
      version,
      isDev(io.env, id) ? `${state} (dev)` : state,
      problem ?? description,
    ]);
    await print(io, table(['ID', 'VERSION', 'STATE', 'ABOUT'], rows, io.out.isTTY ? io.out.columns : null));
  }
  return 0;
}

/** toru plugin install */
export async function install(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { enable: { type: 'boolean' } });
  const plugin = await installPlugin(io, resolve(oneWord(positionals, 'The plugin’s archive or folder')));
  // It is there to stay, whatever a killed `dev` had in its place.
  unmarkDev(io.env, plugin.id);
  await print(io, about(plugin));
  if (values.enable === true) return reported(io, await enablePlugin(io, plugin.id, plugin.sha256));
  const next =
    plugin.sha256 === plugin.accepted_sha256 && plugin.enabled
      ? 'It is the one that runs already.'
      : `Enable it: toru plugin enable ${plugin.id}`;
  await note(io, next);
  return 0;
}

/** toru plugin enable: what is new or changed is shown before it is accepted. */
export async function enable(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, YES);
  const plugin = await viewPlugin(io, idOf(oneWord(positionals, ID)));
  const isNew = plugin.sha256 !== plugin.accepted_sha256;
  if (isNew && values.yes !== true) {
    await print(io, about(plugin));
    const key = await question(
      io,
      `Its files are ${plugin.accepted_sha256 === null ? 'new' : 'not those that you accepted'}. Run them as your user? [y/n] `,
      'y',
    );
    if (key === null) return declined(io);
  }
  return reported(io, await enablePlugin(io, plugin.id, isNew ? plugin.sha256 : null));
}

/** toru plugin disable */
export async function disable(args: string[], io: Io): Promise<number> {
  const plugin = await disablePlugin(io, idOf(oneWord(parse(args, {}).positionals, ID)));
  await note(io, `${plugin.id} is ${plugin.state}.`);
  return 0;
}

/** toru plugin uninstall */
export async function uninstall(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { ...YES, data: { type: 'string' } });
  const { data } = values;
  if (data !== undefined && data !== 'keep' && data !== 'remove') throw new UsageError('--data is keep or remove.');
  const { id, kv } = await viewPlugin(io, idOf(oneWord(positionals, ID)));
  // Without a word about it nothing is lost.
  let fate: 'keep' | 'remove' = data ?? 'keep';
  if (values.yes !== true) {
    const kept = `${kv.keys} ${kv.keys === 1 ? 'entry' : 'entries'}, ${bytes(kv.bytes)}`;
    const answer =
      data === undefined && kv.keys > 0
        ? await question(io, `Uninstall ${id}? It keeps ${kept}: [r]emove them, [k]eep them, or [n]ot at all? `, 'rk')
        : await question(io, `Uninstall ${id}? [y/n] `, 'y');
    if (answer === null) return declined(io);
    if (answer === 'r') fate = 'remove';
  }
  await removePlugin(io, id, fate);
  await note(io, fate === 'keep' && kv.keys > 0 ? `${id} is uninstalled; what it kept is still there.` : `${id} is uninstalled.`);
  return 0;
}

/** @returns the key, null for no. @throws UsageError when nobody can be asked. */
async function question(io: Io, text: string, keys: string): Promise<string | null> {
  if (io.keyboard === null) throw new UsageError('There is no terminal to ask at. Add --yes.');
  return askKey(text, keys, io.keyboard, io.err);
}

async function declined(io: Io): Promise<number> {
  await note(io, 'Nothing was changed.');
  return 1;
}

/** @returns the exit code. */
async function reported(io: Io, { id, state, problem }: PluginDetails): Promise<number> {
  await note(io, `${id} is ${state}.${problem === null ? '' : ` ${problem} See: toru plugin logs ${id}`}`);
  return problem === null ? 0 : 1;
}

/** The facts that somebody should know before a plugin runs. */
function about({ id, name, version, description, manifest, sha256, problem }: PluginDetails): string {
  const lines = [`${name} ${version} (${id})`, description];
  if (manifest !== null) {
    const { run, environment, capabilities, page, access } = manifest;
    if (run !== undefined) lines.push(`  runs          ${run.join(' ')}`);
    lines.push(`  for           ${access === 'admin' ? 'admins' : 'everyone'}`);
    if (environment.length > 0) lines.push(`  is given      ${environment.join(', ')} of the agent’s environment`);
    if (capabilities.run.length > 0) lines.push(`  may start     ${capabilities.run.join(', ')}`);
    if (page !== undefined) lines.push(`  brings        ${page.slots.join(' and ')}`);
  }
  if (sha256 !== null) lines.push(`  sha256        ${sha256}`);
  if (problem !== null) lines.push(`  problem       ${problem}`);
  return lines
    .filter((line) => line !== '')
    .map(plain)
    .join('\n');
}
