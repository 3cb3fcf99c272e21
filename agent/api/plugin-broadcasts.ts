import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { PluginLogLine, PluginSummary } from '../../shared/plugins.ts';
import type { Role } from '../../shared/users.ts';
import type { EventListener } from '../plugins/services/event-service.ts';
import type { BroadcastSink } from './broadcasts.ts';

/** What one plugin tells its pages: two topics, so that whoever joined as a client hears nothing any more once it is for admins only. */
export function pluginTopic(id: string, role: Role): string {
  return `${role === 'admin' ? 'pluginadmin' : 'plugin'}/${id}`;
}

/** What one plugin writes to its log. */
export function pluginLogTopic(id: string): string {
  return `${LOG}${id}`;
}

const LOG = 'pluginlog/';
/** Lines of a log wait so long for company: a plugin that chatters costs ten frames a second. */
const GATHER_MS = 100;

export interface PluginBroadcastOptions {
  plugins: {
    onChange(listener: (plugin: PluginSummary) => void): () => void;
    followLog(id: string, listener: (line: PluginLogLine) => void): () => void;
    /** Is it for clients, too, at this moment? */
    isForEveryone(id: string): boolean;
  };
  events: { onEvent(listener: EventListener): () => void };
}

/** The topics `plugins`, `plugin/<id>`, `pluginadmin/<id>` and `pluginlog/<id>`. A log is followed only while somebody looks. */
export class PluginBroadcasts {
  readonly #options: PluginBroadcastOptions;
  readonly #sink: Pick<BroadcastSink, 'watched' | 'tell'>;
  readonly #stops: (() => void)[];
  readonly #followed = new Map<string, () => void>();

  constructor(options: PluginBroadcastOptions, sink: Pick<BroadcastSink, 'watched' | 'tell'>) {
    this.#options = options;
    this.#sink = sink;
    this.#stops = [
      options.plugins.onChange((plugin) => this.#tell('plugins', { type: 'plugin', plugin }, plugin.id)),
      options.events.onEvent((plugin, name, data) => this.#event({ type: 'plugin_event', plugin, name, data })),
    ];
  }

  /** A topic got its first subscriber, or lost its last. */
  watchedChanged(topic: string, watched: boolean): void {
    if (!topic.startsWith(LOG)) return;
    this.#followed.get(topic)?.();
    this.#followed.delete(topic);
    if (watched) this.#followed.set(topic, this.#follow(topic, topic.slice(LOG.length)));
  }

  close(): void {
    for (const stop of [...this.#stops, ...this.#followed.values()]) stop();
    this.#followed.clear();
  }

  #follow(topic: string, plugin: string): () => void {
    let lines: PluginLogLine[] = [];
    let timer: NodeJS.Timeout | null = null;
    const stop = this.#options.plugins.followLog(plugin, (line) => {
      lines.push(line);
      timer ??= setTimeout(() => {
        timer = null;
        this.#tell(topic, { type: 'plugin_log', plugin, lines });
        lines = [];
      }, GATHER_MS);
    });
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }

  #event(frame: Extract<ServerFrame, { type: 'plugin_event' }>): void {
    this.#tell(pluginTopic(frame.plugin, 'admin'), frame);
    if (this.#options.plugins.isForEveryone(frame.plugin)) this.#tell(pluginTopic(frame.plugin, 'client'), frame);
  }

  #tell(topic: string, frame: ServerFrame, about: string | null = null): void {
    if (this.#sink.watched(topic)) this.#sink.tell(topic, JSON.stringify(frame), about);
  }
}
