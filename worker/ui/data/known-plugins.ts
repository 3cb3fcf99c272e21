import type { PluginDetails, PluginLogLine, PluginState, PluginSummary } from '../../../shared/plugins.ts';
import { agent, read, until } from '../api.ts';
import { isRecord, list, listOf, orNull, shape, text } from '../guards.ts';

const STATES: Record<PluginState, true> = {
  new: true,
  disabled: true,
  starting: true,
  running: true,
  waiting: true,
  stopping: true,
  failed: true,
  changed: true,
  broken: true,
  missing: true,
};
const ofEveryPlugin = {
  id: text,
  name: text,
  version: text,
  icon: text,
  description: text,
  state: (value: unknown): value is PluginState => text(value) && Object.hasOwn(STATES, value),
  page: orNull(shape<NonNullable<PluginSummary['page']>>({ slots: list })),
};
export const isPlugin = shape<PluginSummary>(ofEveryPlugin);
export const isPluginDetails = shape<PluginDetails>({ ...ofEveryPlugin, settings: isRecord, kv: isRecord, events: list });
const isLogLine = shape<PluginLogLine>({ timestamp: text, level: text, message: text });

export async function listPlugins(signal?: AbortSignal): Promise<PluginSummary[]> {
  return (await read(listOf(isPlugin), agent.plugins.$get(undefined, until(signal)))).items;
}

export function getPlugin(id: string, signal?: AbortSignal): Promise<PluginSummary> {
  return read(isPlugin, agent.plugins[':id'].$get({ param: { id } }, until(signal)));
}

/** A list of plugins with what was just heard of one, in its place. */
export function withNews(known: readonly PluginSummary[], news: PluginSummary): PluginSummary[] {
  return [...known.filter(({ id }) => id !== news.id), news].sort((a, b) => a.name.localeCompare(b.name));
}

/** For admins. */
export function getPluginDetails(id: string, signal?: AbortSignal): Promise<PluginDetails> {
  return read(isPluginDetails, agent.plugins[':id'].$get({ param: { id } }, until(signal)));
}

/** @param sha256 of the files that were looked at, where they are new or changed. */
export function enablePlugin(id: string, sha256: string | null): Promise<PluginDetails> {
  return read(isPluginDetails, agent.plugins[':id'].enable.$post({ param: { id }, json: sha256 === null ? {} : { sha256 } }));
}

export function disablePlugin(id: string): Promise<PluginDetails> {
  return read(isPluginDetails, agent.plugins[':id'].disable.$post({ param: { id } }));
}

export function setPluginSettings(id: string, patch: Record<string, string | number | boolean | null>): Promise<PluginDetails> {
  return read(isPluginDetails, agent['plugin-admin'][':id'].settings.$put({ param: { id }, json: patch }));
}

/** Its files go; what it stored, its settings and its log go only with `remove`. */
export async function uninstallPlugin(id: string, data: 'keep' | 'remove'): Promise<void> {
  await agent['plugin-admin'][':id'].$delete({ param: { id }, query: { data } });
}

export async function rescanPlugins(): Promise<void> {
  await agent['plugin-admin'].rescan.$post();
}

/** The newest lines, oldest first. */
export async function readPluginLog(id: string, signal: AbortSignal): Promise<PluginLogLine[]> {
  const answer = await agent.plugins[':id'].logs.$get({ param: { id }, query: { limit: '200' } }, until(signal));
  const lines = (await answer.text()).split('\n').filter((line) => line !== '');
  return lines.map((line): unknown => JSON.parse(line)).filter(isLogLine);
}
