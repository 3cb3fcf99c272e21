import { type Signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Json } from '../../../../shared/flow/job.ts';
import { type Answers, checkAnswers, firstAnswers } from '../actions/input-answers.ts';
import { InputField } from '../actions/input-field.tsx';
import { type Asked, type FlowFields, inputFrom, questionsOf } from './flow-inputs.ts';

/** The questions of a task or an approval, as a form of quick actions asks them. */
export interface FlowFormState {
  questions: readonly Asked[];
  answers: Signal<Answers>;
  wrong: Signal<Record<string, string>>;
  /** @returns what the task takes; null where something is wrong, which is shown then. */
  check: () => Record<string, Json> | null;
  /** Shows what the host did not like. @returns whether it is of a field of this form. */
  blame: (name: unknown, message: string) => boolean;
}

/** @param before answers to begin with, under their names. */
export function useFlowForm(fields: FlowFields, before: Readonly<Record<string, unknown>> = {}): FlowFormState {
  const key = JSON.stringify(fields);
  const questions = useMemo(() => questionsOf(fields), [key]);
  const inputs = questions.map(({ input }) => input);
  const answers = useSignal<Answers>(useMemo(() => firstAnswers(inputs, before), []));
  const wrong = useSignal<Record<string, string>>({});
  return {
    questions,
    answers,
    wrong,
    check() {
      // A field that came with a new revision, and that nobody has seen yet, has its default.
      const checked = checkAnswers(inputs, { ...firstAnswers(inputs), ...answers.peek() });
      if ('values' in checked) return inputFrom(fields, checked.values);
      wrong.value = checked.wrong;
      return null;
    },
    blame(name, message) {
      if (typeof name !== 'string' || !Object.hasOwn(fields, name)) return false;
      wrong.value = { [name]: message };
      return true;
    },
  };
}

export function FlowForm({ form }: { form: FlowFormState }) {
  if (form.questions.length === 0) return null;
  const first = firstAnswers(form.questions.map(({ input }) => input));
  return (
    <div class="stack">
      {form.questions.map(({ input, suggestions }) => (
        <InputField
          key={input.name}
          input={input}
          suggestions={suggestions}
          options={null}
          value={form.answers.value[input.name] ?? first[input.name] ?? ''}
          error={form.wrong.value[input.name]}
          onChange={(value) => {
            form.answers.value = { ...form.answers.peek(), [input.name]: value };
            const { [input.name]: _fixed, ...rest } = form.wrong.peek();
            form.wrong.value = rest;
          }}
        />
      ))}
    </div>
  );
}
