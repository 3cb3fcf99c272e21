import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ToruError } from '../../../../shared/errors.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { PENDING_DEFAULT_S } from '../../../../shared/limits.ts';
import { sentence } from '../../api.ts';
import { askToWait, hostName } from '../../data/pending.ts';
import { hostPresence } from '../../data/presence.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { HoldButton } from '../../parts/hold-button.tsx';
import { seekWrong } from '../../parts/seek-wrong.ts';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { WaitForHost } from '../../parts/wait-for-host.tsx';
import { type Answers, checkAnswers, firstAnswers } from './input-answers.ts';
import { InputField } from './input-field.tsx';
import { asking, type Question, startAction } from './press.ts';

/** The questions of an action before it runs: its inputs, then its confirmation. */
export function PressSheet({ question }: { question: Question }) {
  const { action } = question;
  const first = useMemo(() => firstAnswers(action.inputs, question.before), []);
  const answers = useSignal<Answers>(first);
  const answered = action.inputs.some(({ name }) => answers.value[name] !== first[name]);
  const wrong = useSignal<Record<string, string>>({});
  const problem = useSignal<string | null>(null);
  const typed = useSignal('');
  const busy = useSignal(false);
  const seconds = useSignal(PENDING_DEFAULT_S);
  const away = hostPresence.value.kind === 'host_away';
  const form = useRef<HTMLFormElement>(null);
  useEffect(
    () => () => {
      answers.value = {};
    },
    [],
  );

  const waits = `Run when ${hostName.value} is back`;
  const mustType = action.confirm === 'type' && typed.value.trim() !== action.label;

  function close(): void {
    asking.value = null;
  }
  function showWrong(messages: Record<string, string>): void {
    wrong.value = messages;
    setTimeout(() => form.current !== null && seekWrong(form.current));
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
      const taskId = away
        ? await askToWait({ action: action.id, inputs: checked.values }, action.label, seconds.value)
        : await startAction(action, checked.values, { quietly: question.onStarted !== undefined });
      close();
      question.onAsked?.();
      if (taskId !== null) question.onStarted?.(taskId);
    } catch (error) {
      const field = error instanceof ToruError ? error.extra['input'] : undefined;
      if (typeof field === 'string' && action.inputs.some((input) => input.name === field)) showWrong({ [field]: sentence(error) });
      else problem.value = sentence(error);
    } finally {
      busy.value = false;
    }
  }

  return (
    <Sheet
      title={action.confirm === 'confirm' && action.inputs.length === 0 ? `Run “${action.label}”?` : action.label}
      unsaved={answered && !busy.value}
      onClose={close}
    >
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
                const { [input.name]: _fixed, ...rest } = wrong.value;
                wrong.value = rest;
              }
            }}
          />
        ))}
        {action.confirm === 'type' && <TextField label={`Type “${action.label}” to confirm`} autocapitalize="none" {...bound(typed)} />}
        {away && <WaitForHost {...bound(seconds)} keeps={keptOf(action.inputs)} />}
        <SheetButtons>
          <Button onClick={close}>Cancel</Button>
          {action.confirm === 'hold' ? (
            <HoldButton label={away ? waits : action.label} busy={busy.value} onDone={() => void run()} />
          ) : (
            <Button acts="run" kind="primary" type="submit" busy={busy.value} disabled={mustType}>
              {away ? waits : busy.value ? 'Starting…' : 'Run'}
            </Button>
          )}
        </SheetButtons>
      </form>
    </Sheet>
  );
}

/** The parts of a press that lie at the server while it waits, in words. */
function keptOf(inputs: readonly ActionInput[]): string | null {
  if (inputs.length === 0) return null;
  return inputs.some(({ type }) => type === 'secret') ? 'what you typed, the secret included' : 'what you typed';
}
