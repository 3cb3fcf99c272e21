import * as z from 'zod';
import type { PluginDetails, PluginSummary } from '../../../shared/plugins.ts';
import { pluginDetails, pluginId, pluginSummary } from '../../../shared/plugins.ts';
import { ask } from '../agent-client.ts';
import type { Io } from '../io.ts';
import { UsageError } from '../io.ts';

/** The agent's routes about plugins, at the local socket. All throw ToruError. */

const summaries = z.object({ items: z.array(pluginSummary) });

export async function listPlugins({ env }: Io): Promise<PluginSummary[]> {
  return summaries.parse(await (await ask(env, 'GET', '/api/plugins')).json()).items;
}

export async function viewPlugin({ env }: Io, id: string): Promise<PluginDetails> {
  return pluginDetails.parse(await (await ask(env, 'GET', `/api/plugins/${id}`)).json());
}

/** @param path absolute, of this machine. */
export async function installPlugin({ env }: Io, path: string): Promise<PluginDetails> {
  return pluginDetails.parse(await (await ask(env, 'POST', '/api/plugin-admin/install', { body: { path } })).json());
}

/** @param sha256 what is accepted with it. */
export async function enablePlugin({ env }: Io, id: string, sha256: string | null): Promise<PluginDetails> {
  const body = sha256 === null ? {} : { sha256 };
  return pluginDetails.parse(await (await ask(env, 'POST', `/api/plugins/${id}/enable`, { body })).json());
}

export async function disablePlugin({ env }: Io, id: string): Promise<PluginDetails> {
  return pluginDetails.parse(await (await ask(env, 'POST', `/api/plugins/${id}/disable`, { body: {} })).json());
}

export async function removePlugin({ env }: Io, id: string, data: 'keep' | 'remove'): Promise<void> {
  await (await ask(env, 'DELETE', `/api/plugin-admin/${id}?data=${data}`)).body?.cancel();
}

/** A plugin's id as it was typed: it becomes a part of a path. @throws UsageError */
export function idOf(word: string): string {
  if (!pluginId.safeParse(word).success) throw new UsageError(`“${word}” is no plugin’s id (see: toru plugin list).`);
  return word;
}
