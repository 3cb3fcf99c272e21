import type { FromPlugin, ToPlugin } from '../../../plugin-sdk/src/protocol.ts';
import { unreachable } from '../../../shared/errors.ts';
import type { PluginManifest } from '../../../shared/plugins.ts';

/** A plugin that is connected and ready, as the rest of the agent sees it: a process of one launch, until it is gone. */
export interface PluginPeer {
  readonly manifest: PluginManifest;
  /** Aborts when the connection is over, whoever ended it; the reason is a ToruError plugin_down in words for a person. */
  readonly gone: AbortSignal;
  /** Queues one message. What is sent to a peer that is gone is dropped. */
  send(message: ToPlugin): void;
  /** Resolves when the socket has room again: at once while less than its high-water mark is waiting. Rejects with `gone`. */
  room(): Promise<void>;
}

type Type = FromPlugin['type'];
export type MessageOf<T extends Type> = Extract<FromPlugin, { type: T }>;

/** What answers the plugins' messages of one type: storage, requests under way, events, runs, the log. */
export interface PluginService<T extends Type> {
  readonly type: T;
  /** One message that has the right shape. What is thrown is answered as `error`, and ends nothing. */
  receive(peer: PluginPeer, message: MessageOf<T>): void | Promise<void>;
}

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
