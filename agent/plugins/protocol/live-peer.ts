import type { ToPlugin } from '../../../plugin-sdk/src/protocol.ts';
import type { ToruError } from '../../../shared/errors.ts';
import type { PluginManifest } from '../../../shared/plugins.ts';
import type { PluginPeer } from './peer.ts';
import type { Connection } from './plugin-connection.ts';

/** The peer of one launch. */
export class LivePeer implements PluginPeer {
  readonly manifest: PluginManifest;
  readonly #connection: Connection;
  readonly #gone = new AbortController();

  constructor(manifest: PluginManifest, connection: Connection) {
    this.manifest = manifest;
    this.#connection = connection;
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  send(message: ToPlugin): void {
    this.#connection.send(message);
  }

  async room(): Promise<void> {
    this.gone.throwIfAborted();
    if (!this.#connection.hasRoom) await this.#connection.room();
    this.gone.throwIfAborted();
  }

  /** The connection is over. */
  end(why: ToruError): void {
    this.#gone.abort(why);
    this.#connection.close(null);
  }
}
