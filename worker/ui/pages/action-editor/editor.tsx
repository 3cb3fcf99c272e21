import { useSignal } from '@preact/signals';
import { Copy, Layers, Smartphone, Trash } from 'lucide-preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { ToruError } from '../../../../shared/errors.ts';
import type { Fault } from '../../../../shared/input-declaration.ts';
import type { Script } from '../../../../shared/scripts.ts';
import type { User } from '../../../../shared/users.ts';
import { agent, read, sentence } from '../../api.ts';
import { loadActions } from '../../data/known-actions.ts';
import { hosts } from '../../data/presence.ts';
import { targetsOfAction } from '../../data/targets.ts';
import type { Wrong } from '../../data/wrong-fields.ts';
import { isAnything, isRecord, listOf } from '../../guards.ts';
import { appPath, navigate } from '../../navigation.ts';
import { Ask } from '../../parts/ask.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field, Switch } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { Section } from '../../parts/section.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { isFullAction, isScript, isUser } from '../../place-guards.ts';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { msg, t } from '../../translate.ts';
import { useUnsaved } from '../../unsaved.ts';
import { TellOthers } from '../notifications/tell-others.tsx';
import { SchedulesSection } from '../schedules/schedules-section.tsx';
import { ThenRun } from '../schedules/then-run.tsx';
import {
  argsToText,
  bodyOf,
  byPlace,
  type Draft,
  draftOf,
  fieldAt,
  patchOf,
  textToArgs,
  unusualVariables,
  wrongWith,
} from './action-draft.ts';
import { Advanced } from './advanced.tsx';
import { Allowed } from './allowed.tsx';
import { CopyToHosts } from './copy-to-hosts.tsx';
import { GroupField } from './group-field.tsx';
import { IconAndColor } from './icon-and-color.tsx';
import { InputBuilder } from './input-builder.tsx';
import { LinesField } from './lines-field.tsx';
import { Preview } from './preview.tsx';
import { WholeNumber } from './whole-number.tsx';

const CONFIRMATIONS = [
  { value: 'none', label: msg('Nothing'), help: msg('A press runs it.') },
  { value: 'confirm', label: msg('Confirm'), help: msg('A press asks once more.') },
  { value: 'hold', label: msg('Hold'), help: msg('The button is held for a second.') },
  { value: 'type', label: msg('Type the name'), help: msg('For what can’t be undone.') },
] as const;

/** The form. The tile beside it shows what will come of it. */
export function Editor(props: { id: string | null; draft: Draft; title: string }) {
  const { id } = props;
  const draft = useSignal(props.draft);
  const copying = useSignal(false);
  const wrong = useSignal<Wrong>({});
  const saved = useRef(JSON.stringify(bodyOf(props.draft)));
  const busy = useSignal(false);
  const removing = useSignal(false);
  /** Variables that the person is asked about before it is saved. */
  const unusual = useSignal<readonly string[]>([]);
  const scripts = useSignal<readonly Script[]>([]);
  const clients = useSignal<readonly User[]>([]);
  const names = useId();

  useUnsaved(JSON.stringify(bodyOf(draft.value)) !== saved.current);

  useEffect(() => {
    read(listOf(isScript), agent.scripts.$get()).then(
      (list) => {
        scripts.value = list.items;
      },
      () => undefined,
    );
    read(listOf(isUser), agent.users.$get()).then(
      (list) => {
        clients.value = list.items.filter((user) => user.role === 'client');
      },
      () => undefined,
    );
  }, []);

  function set(change: Partial<Draft>): void {
    draft.value = { ...draft.peek(), ...change };
    if (Object.keys(wrong.peek()).length > 0) wrong.value = wrongWith(draft.peek());
  }

  async function save(): Promise<void> {
    wrong.value = wrongWith(draft.value);
    if (Object.keys(wrong.value).length > 0 || busy.value) return;
    unusual.value = unusualVariables(draft.value, props.draft);
    if (unusual.value.length === 0) await send();
  }
  async function send(): Promise<void> {
    busy.value = true;
    try {
      if (id === null) await read(isFullAction, agent.actions.$post({ json: bodyOf(draft.value) }));
      else await read(isFullAction, agent.actions[':id'].$patch({ param: { id }, json: patchOf(draft.value) }));
      await loadActions();
      toast(t('“{trim}” was saved.', { trim: draft.value.label.trim() }), 'ok');
      navigate('/');
    } catch (error) {
      wrong.value = await explain(error);
    } finally {
      busy.value = false;
    }
  }
  async function explain(error: unknown): Promise<Wrong> {
    if (!(error instanceof ToruError)) return { form: sentence(error) };
    // Somebody else changed it meanwhile: what is here stays, and a second save writes it over theirs knowingly.
    if (error.code === 'conflict' && id !== null) {
      const theirs = await read(isFullAction, agent.actions[':id'].$get({ param: { id } })).catch(() => null);
      if (theirs !== null) draft.value = { ...draft.peek(), revision: draftOf(theirs).revision };
      return {
        form: t('{message} Save again to write your version over the other one, or reload the page to begin from it.', {
          message: error.message,
        }),
      };
    }
    const { faults, field } = error.extra;
    if (Array.isArray(faults)) return byPlace(faults.filter(isFault));
    return byPlace([{ at: typeof field === 'string' ? field : 'form', message: error.message }]);
  }
  async function remove(): Promise<void> {
    await read(isAnything, agent.actions[':id'].$delete({ param: { id: id ?? '' } }));
    await loadActions();
    toast(t('“{label}” was removed. Its runs stay in the history.', { label: props.draft.label }), 'ok');
    navigate('/');
  }

  const now = draft.value;
  // The problems that no field here shows.
  const others = Object.entries(wrong.value).flatMap(([at, message]) => (fieldAt(at) === null ? [message] : []));
  const chosen = scripts.value.find((script) => script.name === now.script.trim());
  // The questions stand beside the form: what is answered in them would be submitted here too.
  return (
    <>
      <Form class="editor" noValidate onSubmit={save}>
        <PageHead title={props.title}>
          <Button onClick={() => history.back()}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy.value}>
            {busy.value ? t('Saving…') : t('Save')}
          </Button>
        </PageHead>
        {others.length > 0 && (
          <div class="editor-wrong">
            {others.map((message) => (
              <Problem key={message} message={message} />
            ))}
          </div>
        )}
        <div class="editor-columns">
          <div class="editor-form stack">
            <Section title={t('What it is')} folds="open">
              <div class="stack">
                <TextField
                  label={t('Name')}
                  value={now.label}
                  maxLength={80}
                  autocapitalize="sentences"
                  error={wrong.value['label']}
                  onValue={(label) => set({ label })}
                />
                <Field
                  label={t('Script')}
                  error={wrong.value['script']}
                  help={chosen?.problem ?? chosen?.description ?? t('A file in the scripts folder.')}
                >
                  {(ties) => (
                    <>
                      <input
                        {...ties}
                        class="input mono"
                        list={names}
                        {...VERBATIM}
                        placeholder="backup.sh"
                        value={now.script}
                        onInput={(event) => set({ script: event.currentTarget.value })}
                      />
                      <datalist id={names}>
                        {scripts.value.map((script) => (
                          <option key={script.name} value={script.name}>
                            {script.description}
                          </option>
                        ))}
                      </datalist>
                    </>
                  )}
                </Field>
                <Field label={t('Description')} optional help={t('Shown when it asks something.')}>
                  {(ties) => (
                    <textarea
                      {...ties}
                      class="textarea editor-short"
                      maxLength={500}
                      value={now.description}
                      onInput={(event) => set({ description: event.currentTarget.value })}
                    />
                  )}
                </Field>
                <GroupField group={now.group} onChange={set} />
                <IconAndColor icon={now.icon} color={now.color} onChange={set} />
              </div>
            </Section>
            <Section
              title={t('What it asks')}
              folds="open"
              help={t('Each answer reaches the script as an argument, a variable, or its input. Never through a shell.')}
            >
              <InputBuilder inputs={now.inputs} wrong={wrong.value} onChange={(inputs) => set({ inputs })} />
            </Section>
            <Section title={t('Before it runs')} folds={id === null ? 'open' : 'folded'}>
              <Choice label={t('Confirmation')} options={CONFIRMATIONS} value={now.confirm} onValue={(confirm) => set({ confirm })} />
            </Section>
            <Section title={t('How it runs')} folds={id === null ? 'open' : 'folded'}>
              <div class="stack">
                <LinesField
                  label={t('Fixed arguments')}
                  help={t('One on each line, before those that come from answers.')}
                  error={wrong.value['args']}
                  optional
                  short
                  value={props.draft.args}
                  toText={argsToText}
                  fromText={textToArgs}
                  onValue={(args) => set({ args })}
                />
                <div class="editor-pair">
                  <WholeNumber
                    label={t('Stop after (seconds)')}
                    help={t('0: never. It ends as a cancel ends it.')}
                    max={604_800}
                    value={now.timeout_s}
                    onValue={(timeout_s) => set({ timeout_s })}
                  />
                  <WholeNumber
                    label={t('At the same time, at most')}
                    help={t('0: any number.')}
                    max={1000}
                    value={now.max_concurrent}
                    onValue={(max_concurrent) => set({ max_concurrent })}
                  />
                </div>
                {now.max_concurrent > 0 && (
                  <Choice
                    label={t('When so many are under way, a press')}
                    options={[
                      { value: 'queue', label: t('waits its turn') },
                      { value: 'refuse', label: t('is refused') },
                    ]}
                    value={now.when_full}
                    onValue={(when_full) => set({ when_full })}
                  />
                )}
                <Switch
                  label={t('Accepts input')}
                  help={t('Keeps the script’s standard input open for a line from the run’s page.')}
                  checked={now.stdin || now.tty}
                  disabled={now.tty}
                  onChange={(stdin) => set({ stdin })}
                />
                <Switch
                  label={t('Runs in a terminal')}
                  help={t(
                    'For scripts that ask on a terminal, as sudo and getpass do, or draw progress there. One types into it from the run’s page.',
                  )}
                  checked={now.tty}
                  onChange={(tty) => set({ tty })}
                />
                <Advanced draft={now} error={wrong.value['env']} onChange={set} />
              </div>
            </Section>
            <Section title={t('Who may press it')} help={t('Admins always may.')} folds="open">
              <Allowed allow={now.allow} clients={clients.value} onChange={(allow) => set({ allow })} />
            </Section>
            {id !== null && (
              <div class="row">
                <ButtonLink href={appPath(id)} icon={<Smartphone size={18} aria-hidden="true" />}>
                  {t('Put on the home screen')}
                </ButtonLink>
                <ButtonLink href={`/actions/new?copy=${encodeURIComponent(id)}`} icon={<Copy size={18} aria-hidden="true" />}>
                  {t('Duplicate')}
                </ButtonLink>
                {hosts.value.length > 1 && (
                  <Button icon={<Layers size={18} aria-hidden="true" />} aria-haspopup="dialog" onClick={setTo(copying, true)}>
                    {t('Copy to other hosts')}
                  </Button>
                )}
                <Button kind="danger" icon={<Trash size={18} aria-hidden="true" />} onClick={setTo(removing, true)}>
                  {t('Remove this action')}
                </Button>
              </div>
            )}
          </div>
          <Preview draft={now} />
        </div>
      </Form>
      {id !== null && (
        <div class="editor-apart stack">
          <SchedulesSection action={id} />
          <ThenRun action={id} />
          <TellOthers
            title={t('When it ends, tell')}
            help={t(
              'The host sends the label and the state there, and nothing that was typed or printed. It tries for a day. Saved by their own buttons.',
            )}
            targets={targetsOfAction(id)}
          />
        </div>
      )}
      {copying.value && id !== null && <CopyToHosts id={id} onClose={setTo(copying, false)} />}
      {unusual.value.length > 0 && (
        <Ask
          title={unusual.value.length === 1 ? t('Use this variable?') : t('Use these variables?')}
          verb={t('Use and save')}
          doing={t('Saving…')}
          onYes={send}
          onClose={() => {
            unusual.value = [];
          }}
        >
          <p>
            {rich(
              'What people answer would be in {variables}, for the script and for every program that it starts. Any of them may obey a variable of that name. Only {prefix} is surely read by the script alone.',
              { variables: <code>{unusual.value.join(', ')}</code>, prefix: <code>INPUT_…</code> },
            )}
          </p>
        </Ask>
      )}
      {removing.value && (
        <Ask
          title={t('Remove “{label}”?', { label: props.draft.label })}
          verb={t('Remove')}
          doing={t('Removing…')}
          danger
          onYes={remove}
          onClose={setTo(removing, false)}
        >
          <p>{t('The tile goes for everyone. The script itself and the history of its runs stay.')}</p>
        </Ask>
      )}
    </>
  );
}

function isFault(value: unknown): value is Fault {
  return isRecord(value) && typeof value['at'] === 'string' && typeof value['message'] === 'string';
}
