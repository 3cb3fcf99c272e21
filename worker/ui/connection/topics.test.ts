import { expect, it } from 'vitest';
import type { ClientFrameInput } from '../../../shared/browser-protocol.ts';
import { Topics } from './topics.ts';

function topics() {
  const sent: ClientFrameInput[] = [];
  return { sent, topics: new Topics((frame) => sent.push(frame) > 0) };
}

it('subscribes with the first listener, ends with the last, and tells a new socket again', () => {
  const { sent, topics: heard } = topics();
  const [first, second] = [heard.listen({ topic: 'runs' }, () => undefined), heard.listen({ topic: 'runs' }, () => undefined)];
  expect(sent.splice(0)).toEqual([{ type: 'subscribe', topic: 'runs' }]);
  heard.resume();
  expect(sent.splice(0)).toEqual([{ type: 'subscribe', topic: 'runs' }]);
  first();
  expect(sent).toEqual([]);
  second();
  expect(sent).toEqual([{ type: 'unsubscribe', topic: 'runs' }]);
});

it('says when nothing is missed any more: at each confirmation, to those who listen to this topic', () => {
  const { topics: heard } = topics();
  const caughtUp: string[] = [];
  const listen = (name: string, plugin: string) =>
    heard.listen(
      { topic: 'plugin_log', plugin },
      () => undefined,
      () => caughtUp.push(name),
    );
  const stop = listen('one', 'weather');
  listen('two', 'weather');
  listen('other', 'disk-usage');
  expect(heard.take({ type: 'subscribed', topic: 'plugin_log', plugin: 'weather' })).toBe(true);
  expect(caughtUp.splice(0)).toEqual(['one', 'two']);
  stop();
  heard.take({ type: 'subscribed', topic: 'plugin_log', plugin: 'weather' });
  expect(caughtUp).toEqual(['two']);
  heard.take({ type: 'subscribed', topic: 'runs' });
  expect(caughtUp).toEqual(['two']);
});
