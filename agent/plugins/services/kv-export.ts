import type { KvEntry } from '../../../plugin-sdk/src/protocol.ts';
import type { PluginKv } from './kv-store.ts';

/** Everything that a plugin keeps, in order of keys; read in parts, so that an export of any size holds one part in memory. */
export async function* exported(kv: PluginKv, plugin: string, signal: AbortSignal): AsyncGenerator<KvEntry, void, undefined> {
  let after: string | undefined;
  while (!signal.aborted) {
    const { entries, next } = kv.list(plugin, { after, limit: 1000 });
    yield* entries;
    if (next === null) return;
    after = next;
  }
}
