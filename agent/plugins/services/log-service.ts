import type { MessageOf, PluginPeer, PluginService } from '../protocol/peer.ts';
import type { LineLog } from './line-log.ts';

/** What plugins say for their own log. */
export class LogService implements PluginService<'log'> {
  readonly type = 'log';
  readonly #logOf: (plugin: string) => LineLog;

  constructor(logOf: (plugin: string) => LineLog) {
    this.#logOf = logOf;
  }

  receive(peer: PluginPeer, { payload }: MessageOf<'log'>): void {
    const { action: _action, ...message } = payload;
    this.#logOf(peer.manifest.id).write({ ...message, plugin: peer.manifest.id, source: 'log' });
  }
}
