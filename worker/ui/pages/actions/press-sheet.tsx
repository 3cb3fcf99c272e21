import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ToruError } from '../../../../shared/errors.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { PENDING_DEFAULT_S } from '../../../../shared/limits.ts';
import { agent, sentence } from '../../api.ts';
import { askToWait } from '../../data/ask-to-wait.ts';
import { loadActions } from '../../data/known-actions.ts';
import { hostName } from '../../data/pending.ts';
import { hostPresence } from '../../data/presence.ts';
import { useResource } from '../../data/resource.ts';
import { listRuns } from '../../data/run-calls.ts';
import { dropFiles, sendFile } from '../../data/send-file.ts';
import { me } from '../../own-session.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { HoldButton } from '../../parts/hold-button.tsx';
import { seekWrong } from '../../parts/seek-wrong.ts';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { WaitForHost } from '../../parts/wait-for-host.tsx';
import { t } from '../../translate.ts';
import { type EarlierSet, earlierSets, earlierTexts, isKept, RUNS_READ } from './earlier-answers.ts';
import { EarlierSets } from './earlier-sets.tsx';
import { type Answer, type Answers, checkAnswers, firstAnswers, offered, shownInputs } from './input-answers.ts';
import { InputField } from './input-field.tsx';
import { forgetAnswers, keepAnswers, keptAnswers } from './kept-answers.ts';
import { asking, type Question, startAction } from './press.ts';
import { useScriptOptions } from './script-options.ts';

/** The questions of an action before it runs: its inputs, then its confirmation. What was typed stays when the sheet closes. */
export function PressSheet({ question }: { question: Question }) {
  const { action, before, linked } = question;
  const key = JSON.stringify([action.id, before ?? null, linked?.answers ?? null]);
  const kept = useMemo(() => keptAnswers(key), []);
  const filled = [...(before === undefined ? [action.remembered ?? {}] : [before]), linked?.answers ?? {}];
  const answers = useSignal<Answers>(useMemo(() => firstAnswers(action.inputs, ...filled, kept ?? {}), []));
  const scripted = useScriptOptions(action.id, action.inputs, answers.value);
  const { inputs } = scripted;
  const now = offered(inputs, answers.value);
  const origin = useSignal<Origin>(kept !== null ? 'kept' : before === undefined && isFilled(action.remembered) ? 'remembered' : null);
  const wrong = useSignal<Record<string, string>>({});
  const problem = useSignal<string | null>(null);
  const typed = useSignal('');
  const busy = useSignal(false);
  const seconds = useSignal(PENDING_DEFAULT_S);
  const away = hostPresence.value.kind === 'host_away';
  const form = useRef<HTMLFormElement>(null);
  /** The files that are chosen, by field. They are sent with the press, and stay chosen when it is refused. */
  const files = useSignal<Record<string, File>>({});
  const sending = useSignal<string | null>(null);
  const left = useMemo(() => new AbortController(), []);
  const secretTyped = action.inputs.some(({ type, name }) => type === 'secret' && answers.value[name] !== '');
  useEffect(
    () => () => {
      answers.value = {};
      left.abort();
    },
    [],
  );

  // Of an action that this person never used there are none.
  const hasEarlier = action.last_used_at != null && inputs.some(isKept);
  const earlier = useResource(async (signal) => {
    if (!hasEarlier) return [];
    const query = { action: action.id, user: me.peek()?.user.username ?? '', limit: String(RUNS_READ) };
    return (await listRuns(query, signal)).items;
  });

  const waits = t('Run when {hostName} is back', { hostName: hostName.value });
  const mustType = action.confirm === 'type' && typed.value.trim() !== action.label;

  function close(): void {
    asking.value = null;
  }
  function showWrong(messages: Record<string, string>): void {
    wrong.value = messages;
    setTimeout(() => form.current !== null && seekWrong(form.current));
  }
  function answer(name: string, value: Answer): void {
    answers.value = { ...answers.value, [name]: value };
    keepAnswers(key, action.inputs, answers.value);
    const { [name]: _fixed, ...rest } = wrong.value;
    wrong.value = rest;
  }
  function fillIn(set: EarlierSet): void {
    origin.value = null;
    wrong.value = {};
    answers.value = { ...answers.value, ...firstAnswers(inputs.filter(isKept), set.inputs) };
    keepAnswers(key, action.inputs, answers.value);
  }
  async function startOver(): Promise<void> {
    const forget = origin.value === 'remembered';
    forgetAnswers(key);
    origin.value = null;
    wrong.value = {};
    answers.value = firstAnswers(action.inputs, ...(forget ? [linked?.answers ?? {}] : filled));
    if (!forget) return;
    try {
      await agent.actions[':id'].remembered.$delete({ param: { id: action.id } });
      await loadActions();
    } catch (error) {
      problem.value = t('Your last answers could not be forgotten: {error}', { error: sentence(error) });
    }
  }
  function choose(name: string, file: File | null): void {
    const { [name]: _before, ...others } = files.value;
    files.value = file === null ? others : { ...others, [name]: file };
  }
  /** The ids of the files, by field, when the host has them. */
  async function send(names: readonly string[], sent: Record<string, string>): Promise<void> {
    for (const name of names) {
      const file = files.value[name];
      if (file === undefined) continue;
      const tell = (part: number): void => {
        sending.value = t('Sending {name}… {part} %', { name: file.name, part: Math.floor(part * 100) });
      };
      tell(0);
      sent[name] = await sendFile({ action: action.id, input: name }, file, tell, left.signal);
    }
    sending.value = null;
  }
  async function run(): Promise<void> {
    if (busy.value || mustType) return;
    const unread = shownInputs(inputs, now).find(({ name }) => scripted.stateOf(name)?.reading === true);
    if (unread !== undefined) {
      showWrong({
        [unread.name]: t('The options of “{label}” are still being read. Wait for them, then press again.', { label: unread.label }),
      });
      return;
    }
    const checked = checkAnswers(inputs, now, files.value);
    if ('wrong' in checked) {
      showWrong(checked.wrong);
      return;
    }
    const named = Object.keys(files.value).filter((name) => name in checked.values);
    const [file] = named;
    if (away && file !== undefined) {
      showWrong({
        [file]: t('A file can’t wait: it is sent to {hostName}. Take it back, or press when {hostName2} is there.', {
          hostName: hostName.value,
          hostName2: hostName.value,
        }),
      });
      return;
    }
    busy.value = true;
    problem.value = null;
    const sent: Record<string, string> = {};
    try {
      await send(named, sent);
      const inputs = { ...checked.values, ...sent };
      const taskId = away
        ? await askToWait({ action: action.id, inputs }, action.label, seconds.value)
        : await startAction(action, inputs, { quietly: question.onStarted !== undefined });
      // What waits may still be refused: then it is asked again with what was typed.
      if (taskId !== null) forgetAnswers(key);
      close();
      question.onAsked?.();
      if (taskId !== null) question.onStarted?.(taskId);
    } catch (error) {
      dropFiles(Object.values(sent));
      if (left.signal.aborted) return;
      const field = error instanceof ToruError ? error.extra['input'] : undefined;
      if (typeof field === 'string' && action.inputs.some((input) => input.name === field)) showWrong({ [field]: sentence(error) });
      else problem.value = sentence(error);
    } finally {
      busy.value = false;
      sending.value = null;
    }
  }

  return (
    <Sheet
      title={action.confirm === 'confirm' && action.inputs.length === 0 ? t('Run “{label}”?', { label: action.label }) : action.label}
      unsaved={secretTyped && !busy.value}
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
        {action.description !== '' && (
          <p class="muted" dir="auto">
            {action.description}
          </p>
        )}
        {problem.value !== null && <Problem message={problem.value} />}
        {linked !== undefined && linked.strange.length > 0 && <Strange names={linked.strange} />}
        {origin.value !== null && <FilledIn origin={origin.value} onClear={() => void startOver()} />}
        {hasEarlier && (
          <EarlierSets sets={earlier.data === null ? null : earlierSets(earlier.data, inputs)} inputs={inputs} onChoose={fillIn} />
        )}
        {shownInputs(inputs, now).map((input) => (
          <InputField
            key={input.name}
            input={input}
            options={scripted.stateOf(input.name)}
            value={now[input.name] ?? ''}
            error={wrong.value[input.name]}
            suggestions={earlierTexts(earlier.data ?? [], input)}
            onFile={(file) => choose(input.name, file)}
            onChange={(value) => answer(input.name, value)}
          />
        ))}
        {action.confirm === 'type' && (
          <TextField label={t('Type “{label}” to confirm', { label: action.label })} autocapitalize="none" {...bound(typed)} />
        )}
        {sending.value !== null && (
          <p class="small muted" role="status">
            {sending.value}
          </p>
        )}
        {away && <WaitForHost {...bound(seconds)} keeps={keptOf(action.inputs)} />}
        <SheetButtons>
          <Button onClick={close}>{t('Cancel')}</Button>
          {action.confirm === 'hold' ? (
            <HoldButton label={away ? waits : action.label} busy={busy.value} onDone={() => void run()} />
          ) : (
            <Button acts="run" kind="primary" type="submit" busy={busy.value} disabled={mustType}>
              {away ? waits : busy.value ? t('Starting…') : t('Run')}
            </Button>
          )}
        </SheetButtons>
      </form>
    </Sheet>
  );
}

/** Where the answers come from that nobody typed just now. */
type Origin = 'kept' | 'remembered' | null;

function isFilled(answers: object | undefined): boolean {
  return answers !== undefined && Object.keys(answers).length > 0;
}

function FilledIn({ origin, onClear }: { origin: NonNullable<Origin>; onClear: () => void }) {
  return (
    <div class="row small muted">
      <span class="grow">{origin === 'kept' ? t('What you typed before is still here.') : t('Filled in with your last answers.')}</span>
      <Button kind="ghost" small onClick={onClear}>
        {origin === 'kept' ? t('Start over') : t('Forget them')}
      </Button>
    </div>
  );
}

/** A link may be old, or made by somebody who expects what a form can’t take from a link. */
function Strange({ names }: { names: readonly string[] }) {
  return (
    <p class="small muted">
      {t('The link also holds an answer for {join}, which can’t be filled in from a link.', {
        join: names.map((name) => `“${name.slice(0, 40)}”`).join(', '),
      })}
    </p>
  );
}

/** The parts of a press that lie at the server while it waits, in words. */
function keptOf(inputs: readonly ActionInput[]): string | null {
  if (inputs.length === 0) return null;
  return inputs.some(({ type }) => type === 'secret') ? t('what you typed, the secret included') : t('what you typed');
}
