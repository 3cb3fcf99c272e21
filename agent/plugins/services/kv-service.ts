import type { KvAnswer } from '../../../plugin-sdk/src/protocol.ts';
import { toToruError, unreachable } from '../../../shared/errors.ts';
import { failureOf } from '../protocol/failure.ts';
import type { MessageOf, PluginPeer, PluginService } from '../protocol/peer.ts';
import type { PluginKv } from './kv-store.ts';

/** The storage, as plugins ask for it on their connection: whose keys they are is the connection's to say. */
export class KvService implements PluginService<'kv'> {
  readonly type = 'kv';
  readonly #kv: PluginKv;

  constructor(kv: PluginKv) {
    this.#kv = kv;
  }

  receive(peer: PluginPeer, { request_id, payload }: MessageOf<'kv'>): void {
    const answer = this.#answer(peer.manifest.id, payload);
    peer.send({ type: 'kv', timestamp: new Date().toISOString(), request_id, payload: answer });
  }

  #answer(plugin: string, asked: MessageOf<'kv'>['payload']): KvAnswer {
    try {
      switch (asked.action) {
        case 'get':
          return { action: 'value', entry: this.#kv.get(plugin, asked.key) };
        case 'set':
          return { action: 'stored', version: this.#kv.set(plugin, asked.key, asked.value, asked) };
        case 'delete':
          return { action: 'deleted', existed: this.#kv.delete(plugin, asked.key, asked) };
        case 'list':
          return { action: 'entries', ...this.#kv.list(plugin, asked) };
        default:
          return unreachable(asked);
      }
    } catch (error) {
      return failureOf(toToruError(error));
    }
  }
}
