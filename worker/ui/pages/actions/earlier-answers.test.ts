import { expect, test } from 'vitest';
import { actionInput } from '../../../../shared/inputs.ts';
import { earlierSets, earlierTexts } from './earlier-answers.ts';

const inputs = [
  { type: 'text', name: 'who', label: 'Who' },
  { type: 'text', name: 'lines', label: 'Lines', multiline: true },
  { type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'INPUT_TOKEN' } },
  { type: 'boolean', name: 'dry', label: 'Dry' },
].map((input) => actionInput.parse(input));
const run = (created_at: string, given: Record<string, string | boolean>) => ({ created_at, inputs: given });

test('offers each set of answers once, the newest first, and never a secret nor what is not asked any more', () => {
  const runs = [
    run('2026-11-30T03:00:00Z', { who: 'Ada', dry: true, token: '•••' }),
    run('2026-11-30T02:00:00Z', { who: 'Ada', dry: true, token: 'other', gone: 'x' }),
    run('2026-11-30T01:00:00Z', { who: 'Grace', dry: false }),
    run('2026-11-30T00:00:00Z', { token: '•••' }),
  ];
  expect(earlierSets(runs, inputs)).toEqual([
    { at: '2026-11-30T03:00:00Z', inputs: { who: 'Ada', dry: true } },
    { at: '2026-11-30T01:00:00Z', inputs: { who: 'Grace', dry: false } },
  ]);
});

test('offers ten sets and twenty texts at most', () => {
  const runs = Array.from({ length: 50 }, (_, n) => run('2026-11-30T00:00:00Z', { who: `name ${n}` }));
  expect(earlierSets(runs, inputs)).toHaveLength(10);
  expect(inputs.map((input) => earlierTexts(runs, input).length)).toEqual([20, 0, 0, 0]);
});

test('offers what was typed into a line of text once, the newest first', () => {
  const runs = ['Ada', '', 'Grace', 'Ada'].map((who) => run('2026-11-30T00:00:00Z', { who, lines: 'a', token: '•••' }));
  expect(inputs.map((input) => earlierTexts(runs, input))).toEqual([['Ada', 'Grace'], [], [], []]);
});
