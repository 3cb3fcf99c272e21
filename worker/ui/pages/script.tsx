import { useSignal } from '@preact/signals';
import { History, Plus } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { ToruError } from '../../../shared/errors.ts';
import type { ScriptText, ScriptVersion } from '../../../shared/scripts.ts';
import { bytes } from '../amounts.ts';
import { agent, read, sentence } from '../api.ts';
import { useAttempts } from '../data/attempt.ts';
import { number, shape, text } from '../guards.ts';
import { Back } from '../parts/back.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { Sheet, SheetButtons } from '../parts/sheet.tsx';
import { VERBATIM } from '../parts/verbatim.ts';
import { When } from '../parts/when.tsx';
import { isScriptText } from '../place-guards.ts';
import { rich } from '../rich.ts';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { useUnsaved } from '../unsaved.ts';
import { diffOf, hunksOf } from './scripts/diff.ts';
import './script.css';

const isVersion = shape<{ content: string }>({ content: text });
const isScriptVersion = shape<ScriptVersion>({ version: number, replaced_at: text, user: text, size: number });

/** A script's text: read, changed, and put back to one of its last versions. `?name=` says which. */
export function Page() {
  const { query } = useLocation();
  const name = query['name'] ?? '';
  return name === '' ? (
    <Empty title={t('No script is named')}>{t('Choose one on the page of scripts.')}</Empty>
  ) : (
    <ScriptOf key={name} name={name} />
  );
}

function ScriptOf({ name }: { name: string }) {
  const known = useSignal<ScriptText | null>(null);
  const draft = useSignal('');
  const { problem, attempt } = useAttempts();
  const wrong = useSignal<string | undefined>(undefined);
  const comparing = useSignal(false);
  const busy = useSignal(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const changed = known.value !== null && draft.value !== known.value.content;
  useUnsaved(changed);

  function take(script: ScriptText): void {
    known.value = script;
    draft.value = script.content;
  }
  function load(): Promise<void> {
    return attempt(async () => take(await read(isScriptText, agent.scripts.content.$get({ query: { name } }))));
  }
  useEffect(() => {
    void load();
  }, []);

  async function save(): Promise<void> {
    const script = known.peek();
    if (script === null || busy.peek()) return;
    busy.value = true;
    try {
      take(await read(isScriptText, agent.scripts.content.$put({ json: { name, content: draft.peek(), sha256: script.sha256 } })));
      wrong.value = undefined;
      toast(t('{name} was saved.', { name }), 'ok');
    } catch (error) {
      // Its text is still here: nothing is lost by what the host says.
      wrong.value =
        error instanceof ToruError && error.code === 'conflict'
          ? t('{message} What you wrote stays here until then.', { message: error.message })
          : sentence(error);
    } finally {
      busy.value = false;
      comparing.value = false;
    }
  }
  async function putBack({ version }: ScriptVersion): Promise<void> {
    try {
      draft.value = (await read(isVersion, agent.scripts.version.$get({ query: { name, version: String(version) } }))).content;
      area.current?.focus();
      toast(t('That version is in the field now. Nothing is saved yet.'), 'ok');
    } catch (error) {
      toast(sentence(error), 'bad');
    }
  }

  const script = known.value;
  return (
    <div class="narrow script">
      <PageHead title={name} before={<Back href="/scripts" label={t('Scripts')} />}>
        <ButtonLink href={`/actions/new?script=${encodeURIComponent(name)}`} icon={<Plus size={18} aria-hidden="true" />}>
          {t('Make an action')}
        </ButtonLink>
      </PageHead>
      {problem.value !== null && <Problem message={problem.value} action={<Button onClick={() => void load()}>{t('Try again')}</Button>} />}
      {script === null ? (
        problem.value === null && <Loading what={t('the script')} />
      ) : (
        <>
          {script.action_problem !== null && <p class="small muted">{script.action_problem}</p>}
          <Form
            class="stack"
            onSubmit={() => {
              if (changed) comparing.value = true;
            }}
          >
            <Field label={t('Text')} error={wrong.value}>
              {(ties) => (
                <textarea
                  {...ties}
                  {...VERBATIM}
                  ref={area}
                  class="textarea mono script-text"
                  wrap="off"
                  value={draft.value}
                  onInput={(event) => {
                    draft.value = event.currentTarget.value;
                  }}
                />
              )}
            </Field>
            <div class="row script-acts">
              <Button disabled={!changed} onClick={() => take(script)}>
                {t('Discard')}
              </Button>
              <Button kind="primary" type="submit" disabled={!changed}>
                {t('Save…')}
              </Button>
            </div>
          </Form>
          {script.versions.length > 0 && (
            <Section
              title={t('Before')}
              help={t('The texts that were replaced here, the last ten. To put one back, look at it, then save.')}
            >
              <ul class="stack">
                {script.versions.filter(isScriptVersion).map((version) => (
                  <li key={version.version} class="row">
                    <History size={18} aria-hidden="true" />
                    <span class="grow">
                      {rich('Until {when}, {size}, replaced by {user}', {
                        when: <When at={version.replaced_at} />,
                        size: bytes(version.size),
                        user: <bdi>{version.user}</bdi>,
                      })}
                    </span>
                    <Button small onClick={() => void putBack(version)}>
                      {t('Look at it')}
                    </Button>
                  </li>
                ))}
              </ul>
            </Section>
          )}
          {comparing.value && (
            <Sheet
              wide
              title={t('Save {name}?', { name })}
              onClose={() => {
                comparing.value = false;
              }}
            >
              <p class="muted">{t('From now on, this runs wherever the script is used.')}</p>
              <Diff before={script.content} after={draft.value} />
              <SheetButtons>
                <Button
                  onClick={() => {
                    comparing.value = false;
                  }}
                >
                  {t('Go on editing')}
                </Button>
                <Button acts="do" kind="primary" busy={busy.value} onClick={() => void save()}>
                  {busy.value ? t('Saving…') : t('Save')}
                </Button>
              </SheetButtons>
            </Sheet>
          )}
        </>
      )}
    </div>
  );
}

const SIGNS = { same: ' ', gone: '−', new: '+' } as const;

/** What a save would change, line by line. A sign says it beside the colour. */
function Diff({ before, after }: { before: string; after: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard has to reach that.
    <section class="diff" aria-label={t('What changes')} tabIndex={0}>
      {hunksOf(diffOf(before, after)).map((line, at) => (
        <div key={at} class={line === null ? 'diff-cut' : `diff-line diff-${line.kind}`}>
          {line === null ? '⋯' : `${SIGNS[line.kind]} ${line.text}`}
        </div>
      ))}
    </section>
  );
}
