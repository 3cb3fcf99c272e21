import type { ServerFrame } from '../../../shared/browser-protocol.ts';
import type { PluginLogLine } from '../../../shared/plugins.ts';
import type { Role } from '../../../shared/users.ts';
import type { SystemTopics, TopicSink } from '../../http/topics.ts';
import { admin, any } from '../../users/permissions.ts';
import type { Plugins } from '../plugins.ts';
import type { EventListener } from '../services/event-service.ts';

/** What one plugin tells its pages: two topics, so that whoever joined as a client hears nothing any more once it is for admins only. */
export function pluginTopic(id: string, role: Role): string {
  return `${role === 'admin' ? 'pluginadmin' : 'plugin'}/${id}`;
}

/** What one plugin writes to its log. */
const LOG = 'pluginlog/';
/** Lines of a log wait so long for company: a plugin that chatters costs ten frames a second. */
const GATHER_MS = 100;

interface PluginTopicsOptions {
  plugins: Pick<Plugins, 'view' | 'onChange' | 'followLog' | 'isForEveryone'>;
  pluginEvents: { onEvent(listener: EventListener): () => void };
}

/** The topics `plugins`, `plugin` and `plugin_log`. A log is followed only while somebody looks. */
export function pluginTopics({ plugins, pluginEvents }: PluginTopicsOptions): SystemTopics {
  return {
    topics: [
      { topic: 'plugins', permission: admin, nameFor: () => 'plugins' },
      // `view` throws for one that the caller may not know of. One that is still new has a log already.
      { topic: 'plugin', permission: any, ofPlugin: true, nameFor: (caller, id) => pluginTopic(plugins.view(caller, id).id, caller.role) },
      { topic: 'plugin_log', permission: admin, ofPlugin: true, nameFor: (caller, id) => `${LOG}${plugins.view(caller, id).id}` },
    ],
    start: (sink) => {
      const tell = (name: string, frame: ServerFrame, about: string | null = null): void => {
        if (sink.watched(name)) sink.tell(name, JSON.stringify(frame), about);
      };
      const stops = [
        plugins.onChange((plugin) => tell('plugins', { type: 'plugin', plugin }, plugin.id)),
        pluginEvents.onEvent((plugin, name, data) => {
          const frame: ServerFrame = { type: 'plugin_event', plugin, name, data };
          tell(pluginTopic(plugin, 'admin'), frame);
          if (plugins.isForEveryone(plugin)) tell(pluginTopic(plugin, 'client'), frame);
        }),
      ];
      const followed = new Map<string, () => void>();
      return {
        watchedChanged: (name, watched) => {
          if (!name.startsWith(LOG)) return;
          followed.get(name)?.();
          followed.delete(name);
          if (watched) followed.set(name, followLog(plugins, name, sink));
        },
        stop: () => {
          for (const stop of [...stops, ...followed.values()]) stop();
          followed.clear();
        },
      };
    },
  };
}

function followLog(plugins: Pick<Plugins, 'followLog'>, name: string, sink: TopicSink): () => void {
  const plugin = name.slice(LOG.length);
  let lines: PluginLogLine[] = [];
  let timer: NodeJS.Timeout | null = null;
  const stop = plugins.followLog(plugin, (line) => {
    lines.push(line);
    timer ??= setTimeout(() => {
      timer = null;
      sink.tell(name, JSON.stringify({ type: 'plugin_log', plugin, lines } satisfies ServerFrame), null);
      lines = [];
    }, GATHER_MS);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}
