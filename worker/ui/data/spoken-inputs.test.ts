import { expect, it } from 'vitest';
import { spokenInputs } from './spoken-inputs.ts';

it('says the question and the option as the form does, and what is gone as it was', () => {
  const room = {
    name: 'room',
    label: 'Which room?',
    help: '',
    type: 'choice' as const,
    required: false,
    options: [{ value: 'lr', label: 'Living room' }],
    pass: { by: 'argument' as const },
  };
  const inputs = { room: 'lr', loud: true, old: 3 };
  expect(spokenInputs({ inputs }, { inputs: [room] })).toEqual([
    { question: 'Which room?', answer: 'Living room' },
    { question: 'loud', answer: 'yes' },
    { question: 'old', answer: '3' },
  ]);
  expect(spokenInputs({ inputs: { room: 'attic' } }, undefined)).toEqual([{ question: 'room', answer: 'attic' }]);
});
