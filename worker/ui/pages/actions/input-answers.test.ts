import { expect, it } from 'vitest';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { checkAnswers, firstAnswers, linkedAnswers } from './input-answers.ts';

const common = { help: '', required: true, pass: { by: 'argument' } } as const;
const inputs: ActionInput[] = [
  { type: 'text', name: 'target', label: 'Target', ...common, multiline: false, max_length: 5, allow_dash: false },
  { type: 'number', name: 'count', label: 'Count', ...common, default: 3, integer: true, min: 1 },
  { type: 'secret', name: 'token', label: 'Token', ...common, pass: { by: 'stdin' }, max_length: 100 },
  { type: 'choice', name: 'size', label: 'Size', ...common, options: [{ value: 's' }, { value: 'l' }] },
  { type: 'boolean', name: 'dry', label: 'Dry', ...common, default: true },
];

it('begins with the defaults, never with a secret, and chooses nothing for anybody', () => {
  expect(firstAnswers(inputs)).toEqual({ target: '', count: '3', token: '', size: '', dry: true });
  expect(firstAnswers(inputs, { size: 'gone' })).toMatchObject({ size: '' });
  expect(checkAnswers(inputs, { target: 'abc', count: '7', token: 't', size: '', dry: false })).toEqual({
    wrong: { size: expect.any(String) },
  });
  // Also where an empty text is one of the options.
  const level: ActionInput = { type: 'choice', name: 'level', label: 'Level', ...common, options: [{ value: '' }, { value: 'high' }] };
  const first = firstAnswers([level]);
  expect(checkAnswers([level], first)).toEqual({ wrong: { level: expect.any(String) } });
  expect(checkAnswers([level], { level: '' })).toEqual({ values: { level: '' } });
});

it('says everything that is wrong at once, field by field', () => {
  expect(checkAnswers(inputs, { target: 'too long', count: '0', token: '', size: 'x', dry: true })).toEqual({
    wrong: { target: expect.any(String), count: expect.any(String), token: expect.any(String), size: expect.any(String) },
  });
});

it('gives typed values', () => {
  expect(checkAnswers(inputs, { target: 'abc', count: '7', token: 't', size: 'l', dry: false })).toEqual({
    values: { target: 'abc', count: 7, token: 't', size: 'l', dry: false },
  });
});

it('asks again with the answers of the run before, but for secrets', () => {
  expect(firstAnswers(inputs, { target: 'abc', count: 9, token: '••••••', size: 'l', dry: false })).toEqual({
    target: 'abc',
    count: '9',
    token: '',
    size: 'l',
    dry: false,
  });
});

it('tells what was cleared from what was left alone, in the answers and when a run is asked for again', () => {
  const optional: ActionInput[] = [
    {
      ...common,
      required: false,
      type: 'text',
      name: 'who',
      label: 'Who',
      default: 'me',
      multiline: false,
      max_length: 9,
      allow_dash: false,
    },
  ];
  expect(checkAnswers(optional, { who: '' })).toEqual({ values: { who: '' } });
  expect(firstAnswers(optional, { who: '' })).toEqual({ who: '' });
  expect(firstAnswers(optional, {})).toEqual({ who: 'me' });
});

it('takes from a link what a question can have, never a secret, and names the rest', () => {
  const query = new URLSearchParams('target=abc&token=hunter2&size=gone&dry=off&count=7&other=1');
  expect(linkedAnswers(inputs, query)).toEqual({ answers: { target: 'abc', dry: false, count: '7' }, strange: ['token', 'size', 'other'] });
});
