import type { KvAnswer } from '../../../plugin-sdk/src/protocol.ts';
import { toToruError, unreachable } from '../../../shared/errors.ts';
import type { MessageOf, PluginPeer, PluginService } from '../protocol/peer.ts';
import { failureOf } from '../protocol/refusals.ts';
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

  #answer(plugin: string, request: MessageOf<'kv'>['payload']): KvAnswer {
    try {
      switch (request.action) {
        case 'get':
          return { action: 'value', entry: this.#kv.get(plugin, request.key) };
        case 'set':
          return { action: 'stored', version: this.#kv.set(plugin, request.key, request.value, request) };
        case 'delete':
          return { action: 'deleted', existed: this.#kv.delete(plugin, request.key, request) };
        case 'list':
          return { action: 'entries', ...this.#kv.list(plugin, request) };
        default:
          return unreachable(request);
      }
    } catch (error) {
      return failureOf(toToruError(error));
    }
  }
}
