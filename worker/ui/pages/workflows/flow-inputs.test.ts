import { expect, test } from 'vitest';
import type { InputField } from '../../../../shared/flow/definition.ts';
import { checkAnswers, firstAnswers } from '../actions/input-answers.ts';
import { type FlowFields, inputFrom, questionsOf } from './flow-inputs.ts';

const field = (of: Partial<InputField>): InputField => ({
  type: 'string',
  required: false,
  secret: false,
  allow_custom: false,
  multiple: false,
  ...of,
});

/** What a task gets when somebody answers like this, and leaves the rest. */
function answered(fields: FlowFields, answers: Record<string, string | boolean | string[]> = {}): unknown {
  const inputs = questionsOf(fields).map(({ input }) => input);
  const checked = checkAnswers(inputs, { ...firstAnswers(inputs), ...answers });
  return 'wrong' in checked ? checked.wrong : inputFrom(fields, checked.values);
}

test('each type is asked with its own control, and arrives as its own kind', () => {
  const fields = {
    text: field({ type: 'text' }),
    count: field({ type: 'integer' }),
    ratio: field({ type: 'number' }),
    on: field({ type: 'boolean' }),
    day: field({ type: 'date' }),
    at: field({ type: 'datetime' }),
    db: field({ type: 'postgres' }),
    key: field({ secret: true }),
  };
  expect(questionsOf(fields).map(({ input }) => [input.name, input.type])).toEqual([
    ['text', 'text'],
    ['count', 'number'],
    ['ratio', 'number'],
    ['on', 'boolean'],
    ['day', 'date'],
    ['at', 'datetime'],
    ['db', 'text'],
    ['key', 'secret'],
  ]);
  expect(
    answered(fields, {
      text: 'a\nb',
      count: '-7',
      ratio: '1.50',
      on: true,
      day: '2026-11-29',
      at: '2026-11-29T12:00',
      db: 'main',
      key: "'; rm -rf ~ #",
    }),
  ).toEqual({ text: 'a\nb', count: -7, ratio: 1.5, on: true, day: '2026-11-29', at: '2026-11-29T12:00', db: 'main', key: "'; rm -rf ~ #" });
});

test('options are given back as the file has them, and one of one’s own where that is admitted', () => {
  const fields = {
    level: field({ type: 'integer', options: [1, 2, 3], default: 2 }),
    env: field({ options: ['staging', 'production'], allow_custom: true, default: 'staging' }),
    parts: field({ options: ['a', 'b', 'c'], multiple: true, default: ['a', 'c'] }),
  };
  expect(answered(fields)).toEqual({ level: 2, env: 'staging', parts: ['a', 'c'] });
  expect(answered(fields, { level: '3', env: 'mine', parts: ['b'] })).toEqual({ level: 3, env: 'mine', parts: ['b'] });
  expect(questionsOf(fields).map(({ suggestions }) => suggestions)).toEqual([[], ['staging', 'production'], []]);
});

test('several without options are a line each', () => {
  const fields = { hosts: field({ multiple: true, default: ['one', 'two'] }), ports: field({ type: 'integer', multiple: true }) };
  expect(answered(fields, { ports: '80\n 443 \n' })).toEqual({ hosts: ['one', 'two'], ports: [80, 443] });
});

test('what is required is, what was left empty is left out, what was emptied is empty', () => {
  const fields = {
    name: field({ required: true, name: 'Your name' }),
    note: field({}),
    greeting: field({ default: 'hi' }),
    n: field({ type: 'integer', default: 3 }),
  };
  expect(answered(fields)).toEqual({ name: '“Your name” is required.' });
  expect(answered(fields, { name: 'Ada', greeting: '', n: '' })).toEqual({ name: 'Ada', greeting: '' });
});

test('they are asked in their order, then in that of the file', () => {
  const fields = { c: field({}), b: field({ order: 2 }), a: field({ order: 1 }), d: field({}) };
  expect(questionsOf(fields).map(({ input }) => input.name)).toEqual(['a', 'b', 'c', 'd']);
});

test('a default that a date’s control can’t show is left to the host', () => {
  expect(
    answered({
      at: field({ type: 'datetime', default: '2026-11-29T12:00:30+01:00' }),
      day: field({ type: 'date', default: '2026-11-29' }),
    }),
  ).toEqual({
    day: '2026-11-29',
  });
});

test('a secret’s default is never shown', () => {
  expect(JSON.stringify(questionsOf({ key: field({ secret: true, default: 'hunter2' }) }))).not.toContain('hunter2');
});
