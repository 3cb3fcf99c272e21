import type { PluginDetails, PluginState, PluginSummary } from '../../shared/plugins.ts';
import type { Inspected } from './installed/inspect.ts';
import type { PluginRow } from './installed/registry.ts';
import { missingSetting, shownSettings } from './installed/setting-values.ts';
import type { Status } from './launch/phases.ts';

/** All that is known of a plugin at one moment. */
export interface KnownPlugin {
  row: PluginRow;
  /** Null when its files are gone, or were not looked at yet. */
  inspected: Inspected | null;
  /** Has this agent looked for them? It has only just begun otherwise. */
  looked: boolean;
  status: Status;
}

/** What there is to say about a plugin's state, and why it does not run. */
export function stateOf({ row, inspected, looked, status }: KnownPlugin): { state: PluginState; problem: string | null } {
  const { phase } = status;
  if (phase !== 'idle') return { state: phase, problem: phase === 'running' ? runningProblem(row, inspected) : status.problem };
  if (row.failed !== null) return { state: 'failed', problem: row.failed };
  if (inspected === null && !looked) return { state: row.enabled ? 'starting' : 'disabled', problem: null };
  if (inspected === null)
    return { state: 'missing', problem: 'Its files are gone; what it keeps is still there. Install it again, or uninstall it.' };
  if (inspected.problem !== null) return { state: 'broken', problem: inspected.problem };
  if (row.accepted_sha256 === null) {
    const unasked = 'Its files changed since it was found, and were not asked again what they are. Enable it to accept them.';
    return { state: 'new', problem: inspected.manifest === null ? unasked : null };
  }
  if (row.accepted_sha256 !== inspected.sha256)
    return { state: 'changed', problem: 'Its files are not those that were accepted. Look at them, then enable it to accept them.' };
  const missing = row.manifest === null ? null : missingSetting(row.manifest, row.settings);
  if (row.enabled && missing !== null)
    return { state: 'broken', problem: `The setting “${missing}” is missing. It starts when that is set.` };
  return { state: 'disabled', problem: null };
}

/** A line of the list. What was accepted says what it is; before that, what was found. */
export function summaryOf(plugin: KnownPlugin): PluginSummary {
  const { row, inspected, status } = plugin;
  const manifest = row.manifest ?? inspected?.manifest ?? row.seen_manifest;
  const page = manifest?.page;
  const revision = (row.bundle_sha256 ?? inspected?.bundle_sha256 ?? '').slice(0, 16);
  return {
    id: row.id,
    name: manifest?.name ?? row.id,
    version: manifest?.version ?? '',
    icon: manifest?.icon ?? 'puzzle',
    description: manifest?.description ?? '',
    ...stateOf(plugin),
    enabled: row.enabled,
    crashes: status.crashes,
    started_at: status.startedAt?.toISOString() ?? null,
    retry_at: status.retryAt?.toISOString() ?? null,
    access: manifest?.access ?? 'admin',
    page: page === undefined ? null : { slots: page.slots, kv: page.kv, revision },
  };
}

/** For somebody who is no admin: why it does not run is not theirs to read. */
export function summaryForClient(plugin: KnownPlugin): PluginSummary {
  const summary = summaryOf(plugin);
  return { ...summary, problem: summary.problem === null ? null : 'It does not run as it should. An admin can see why.' };
}

/** @param manifest shown instead of the accepted one where the files are others: what would be accepted. */
export function detailsOf(plugin: KnownPlugin, kv: PluginDetails['kv'], events: PluginDetails['events']): PluginDetails {
  const { row, inspected, status } = plugin;
  const differs = inspected !== null && inspected.sha256 !== row.accepted_sha256;
  const manifest = differs ? inspected.manifest : (row.manifest ?? row.seen_manifest);
  return {
    ...summaryOf(plugin),
    manifest,
    sha256: inspected?.sha256 ?? null,
    accepted_sha256: row.accepted_sha256,
    pid: status.pid,
    settings: manifest === null ? {} : shownSettings(manifest, row.settings),
    kv,
    events,
  };
}

function runningProblem({ accepted_sha256 }: PluginRow, inspected: Inspected | null): string | null {
  if (inspected === null) return 'Its files are gone. What runs is what was accepted; it can’t be started again.';
  if (inspected.problem !== null) return inspected.problem;
  return inspected.sha256 === accepted_sha256
    ? null
    : 'Its files were changed. What runs is what was accepted; it is not started again until somebody accepts the change.';
}
