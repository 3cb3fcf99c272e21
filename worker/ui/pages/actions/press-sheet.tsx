import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ToruError } from '../../../../shared/errors.ts';
import { sentence } from '../../api.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { HoldButton } from '../../parts/hold-button.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { type Answers, checkAnswers, firstAnswers } from './answers.ts';
import { InputField } from './input-field.tsx';
import { asking, type Question, startAction } from './press.ts';

/** What an action asks before it runs: its inputs, then its confirmation. */
export function PressSheet({ question }: { question: Question }) {
  const { action } = question;
  const answers = useSignal<Answers>(useMemo(() => firstAnswers(action.inputs, question.before), []));
  const wrong = useSignal<Record<string, string>>({});
  const problem = useSignal<string | null>(null);
  const typed = useSignal('');
  const busy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(
    () => () => {
      answers.value = {};
    },
    [],
  );

  const mustType = action.confirm === 'type' && typed.value.trim() !== action.label;

  function close(): void {
    asking.value = null;
  }
  function showWrong(messages: Record<string, string>): void {
    wrong.value = messages;
    setTimeout(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus());
  }
  async function run(): Promise<void> {
    if (busy.value || mustType) return;
    const checked = checkAnswers(action.inputs, answers.value);
    if ('wrong' in checked) {
      showWrong(checked.wrong);
      return;
    }
    busy.value = true;
    problem.value = null;
    try {
      const taskId = await startAction(action, checked.values, { quietly: question.onStarted !== undefined });
      close();
      question.onStarted?.(taskId);
    } catch (error) {
      const field = error instanceof ToruError ? error.extra['input'] : undefined;
      if (typeof field === 'string' && action.inputs.some((input) => input.name === field)) showWrong({ [field]: sentence(error) });
      else problem.value = sentence(error);
    } finally {
      busy.value = false;
    }
  }

  return (
    <Sheet title={action.confirm === 'confirm' && action.inputs.length === 0 ? `Run “${action.label}”?` : action.label} onClose={close}>
      <form
        ref={form}
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (action.confirm !== 'hold') void run();
        }}
      >
        {action.description !== '' && <p class="muted">{action.description}</p>}
        {problem.value !== null && <Problem message={problem.value} />}
        {action.inputs.map((input) => (
          <InputField
            key={input.name}
            input={input}
            value={answers.value[input.name] ?? ''}
            error={wrong.value[input.name]}
            onChange={(value) => {
              answers.value = { ...answers.value, [input.name]: value };
              if (wrong.value[input.name] !== undefined) {
                const { [input.name]: _mended, ...rest } = wrong.value;
                wrong.value = rest;
              }
            }}
          />
        ))}
        {action.confirm === 'type' && (
          <Field label={`Type “${action.label}” to confirm`}>
            {(ties) => (
              <input
                {...ties}
                class="input"
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                value={typed.value}
                onInput={(event) => {
                  typed.value = event.currentTarget.value;
                }}
              />
            )}
          </Field>
        )}
        <SheetButtons>
          <Button onClick={close}>Cancel</Button>
          {action.confirm === 'hold' ? (
            <HoldButton label={action.label} busy={busy.value} onDone={() => void run()} />
          ) : (
            <Button kind="primary" type="submit" busy={busy.value} disabled={mustType}>
              {busy.value ? 'Starting…' : 'Run'}
            </Button>
          )}
        </SheetButtons>
      </form>
    </Sheet>
  );
}
