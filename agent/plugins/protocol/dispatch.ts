import type { FromPlugin } from '../../../plugin-sdk/src/protocol.ts';
import { unreachable } from '../../../shared/errors.ts';
import type { PluginPeer, PluginService } from './peer.ts';

type ByType = { [Type in FromPlugin['type']]?: PluginService<Type> };
export type AnyService = { [Type in FromPlugin['type']]: PluginService<Type> }[FromPlugin['type']];
type Served = Exclude<FromPlugin, { type: 'lifecycle' }>;

/** Who answers which of the plugins' messages. */
export class Services {
  #byType: ByType = {};

  add(service: AnyService): void {
    this.#byType = { ...this.#byType, [service.type]: service };
  }

  /** @throws what the service throws. */
  async receive(peer: PluginPeer, message: Served): Promise<void> {
    switch (message.type) {
      case 'http':
        return this.#byType.http?.receive(peer, message);
      case 'kv':
        return this.#byType.kv?.receive(peer, message);
      case 'log':
        return this.#byType.log?.receive(peer, message);
      case 'event':
        return this.#byType.event?.receive(peer, message);
      case 'run':
        return this.#byType.run?.receive(peer, message);
      default:
        return unreachable(message);
    }
  }
}
