import { useSignal } from '@preact/signals';
import { MAX_ARGS, PENDING_DEFAULT_S } from '../../../../shared/limits.ts';
import type { Script } from '../../../../shared/scripts.ts';
import { starts } from '../../connection/live-runs.ts';
import { askToWait } from '../../data/ask-to-wait.ts';
import { hostName } from '../../data/pending.ts';
import { hostPresence } from '../../data/presence.ts';
import { useSubmit } from '../../data/submit.ts';
import { navigate } from '../../navigation.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { WaitForHost } from '../../parts/wait-for-host.tsx';
import { rich } from '../../rich.ts';
import { t } from '../../translate.ts';
import { argumentsOf, commandLine } from './groups.ts';

/** Where a focused field does not cover half the screen with a keyboard. */
const hasKeyboard = matchMedia('(pointer: fine)').matches;

/** Asks for a script's arguments, starts it, and goes to the run. */
export function RunScript(props: {
  script: Pick<Script, 'name' | 'description'>;
  /** Those of an earlier run, to be changed. */
  args?: readonly string[];
  onClose: () => void;
  onStarted?: () => void;
}) {
  const first = (props.args ?? []).join('\n');
  const text = useSignal(first);
  const seconds = useSignal(PENDING_DEFAULT_S);
  const away = hostPresence.value.kind === 'host_away';
  const args = argumentsOf(text.value);
  const tooMany = args.length > MAX_ARGS ? t('At most {MAX_ARGS} arguments.', { MAX_ARGS }) : null;

  async function start(): Promise<void> {
    const request = { script: props.script.name, args };
    const taskId = away ? await askToWait(request, request.script, seconds.value) : await starts.start(request);
    props.onStarted?.();
    if (taskId === null) props.onClose();
    else navigate(`/runs/${taskId}`);
  }
  const { busy, wrong, submit } = useSubmit(start, { leaves: true });
  const run = async (): Promise<void> => (tooMany === null ? submit() : undefined);

  return (
    <Sheet title={t('Run {name}', { name: props.script.name })} unsaved={text.value !== first && !busy} onClose={props.onClose}>
      <Form class="stack" onSubmit={run}>
        {props.script.description !== '' && (
          <p class="muted" dir="auto">
            {props.script.description}
          </p>
        )}
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <Field label={t('Arguments')} help={t('One on each line, exactly as written: no quotes are needed.')} optional error={tooMany}>
          {(ties) => (
            <textarea
              {...ties}
              class="textarea mono"
              autofocus={hasKeyboard}
              {...VERBATIM}
              value={text.value}
              onInput={(event) => {
                text.value = event.currentTarget.value;
              }}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run();
              }}
            />
          )}
        </Field>
        {args.length > 0 && <p class="small muted">{rich('Runs {name}', { name: <code>{commandLine(props.script.name, args)}</code> })}</p>}
        {away && <WaitForHost {...bound(seconds)} keeps={args.length === 0 ? null : t('the arguments')} />}
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Cancel')}</Button>
          <Button acts="run" kind="primary" type="submit" autofocus={!hasKeyboard} busy={busy}>
            {away ? t('Run when {hostName} is back', { hostName: hostName.value }) : busy ? t('Starting…') : t('Run')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
