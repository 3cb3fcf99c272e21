import type { Json } from '../../../plugin-sdk/src/protocol.ts';
import { ToruError } from '../../../shared/errors.ts';
import { getOrInsert } from '../../../shared/get-or-insert.ts';
import { PLUGIN_MAX_EVENT } from '../../../shared/plugins.ts';
import { TokenBucket } from '../../../shared/token-bucket.ts';
import type { MessageOf, PluginPeer, PluginService } from '../protocol/peer.ts';

/** Events a second of one plugin, and the burst above it: each goes to every page that is open. */
const EVENTS_PER_S = 50;
const EVENTS_BURST = 200;

export type EventListener = (plugin: string, name: string, data: Json) => void;

/** What plugins tell their open pages. Nothing is kept: who is not there misses it. */
export class EventService implements PluginService<'event'> {
  readonly type = 'event';
  readonly #listeners = new Set<EventListener>();
  readonly #rates = new WeakMap<PluginPeer, TokenBucket>();

  /** @throws ToruError too_large, too_many_requests. */
  receive(peer: PluginPeer, { payload }: MessageOf<'event'>): void {
    if (Buffer.byteLength(JSON.stringify(payload.data)) > PLUGIN_MAX_EVENT)
      throw new ToruError('too_large', `An event has ${PLUGIN_MAX_EVENT / 1024} KiB at most.`);
    const now = Date.now();
    if (!getOrInsert(this.#rates, peer, () => new TokenBucket(EVENTS_BURST, EVENTS_PER_S, now)).take(now))
      throw new ToruError('too_many_requests', `${EVENTS_PER_S} events a second at most; those above are dropped.`);
    for (const listener of this.#listeners) listener(peer.manifest.id, payload.name, payload.data);
  }

  /** @returns what ends it. */
  onEvent(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
