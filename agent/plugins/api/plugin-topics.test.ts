import { expect, it } from 'vitest';
import type { EventListener } from '../services/event-service.ts';
import { pluginTopic, pluginTopics } from './plugin-topics.ts';

it('tells clients nothing any more of a plugin that has become one for admins, whoever is still on their topic', () => {
  let tell: EventListener = () => undefined;
  let forEveryone = true;
  const published: string[] = [];
  const none = () => () => undefined;
  const view = () => {
    throw new Error('nobody subscribes here');
  };
  const news = pluginTopics({
    plugins: { view, onChange: none, followLog: none, isForEveryone: () => forEveryone },
    pluginEvents: {
      onEvent: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
  }).start({ watched: () => true, tell: (topic) => void published.push(topic) });
  tell('weather', 'now', 1);
  expect(published.splice(0).sort()).toEqual([pluginTopic('weather', 'client'), pluginTopic('weather', 'admin')].sort());
  expect(pluginTopic('weather', 'client')).not.toBe(pluginTopic('weather', 'admin'));
  forEveryone = false;
  tell('weather', 'now', 2);
  expect(published).toEqual([pluginTopic('weather', 'admin')]);
  news.stop();
});
