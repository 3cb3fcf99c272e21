import { expect, it } from 'vitest';
import type { EventListener } from '../plugins/services/event-service.ts';
import { PluginBroadcasts, pluginTopic } from './plugin-broadcasts.ts';

it('tells clients nothing any more of a plugin that has become one for admins, whoever is still on their topic', () => {
  let tell: EventListener = () => undefined;
  let forEveryone = true;
  const published: string[] = [];
  const broadcasts = new PluginBroadcasts(
    {
      plugins: { onChange: () => () => undefined, followLog: () => () => undefined, isForEveryone: () => forEveryone },
      events: {
        onEvent: (listener) => {
          tell = listener;
          return () => undefined;
        },
      },
    },
    { watched: () => true, tell: (topic) => void published.push(topic) },
  );
  tell('weather', 'now', 1);
  expect(published.splice(0).sort()).toEqual([pluginTopic('weather', 'client'), pluginTopic('weather', 'admin')].sort());
  expect(pluginTopic('weather', 'client')).not.toBe(pluginTopic('weather', 'admin'));
  forEveryone = false;
  tell('weather', 'now', 2);
  expect(published).toEqual([pluginTopic('weather', 'admin')]);
  broadcasts.close();
});
