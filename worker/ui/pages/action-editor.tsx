import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { agent, read } from '../api.ts';
import { useAttempts } from '../data/attempt.ts';
import { Button } from '../parts/button.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { isFullAction, isScriptText } from '../place-guards.ts';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { copyOf, type Draft, draftFrom, draftOf, emptyDraft } from './action-editor/action-draft.ts';
import { Editor } from './action-editor/editor.tsx';
import './action-editor.css';

/** Where an action is made or changed. `?script=` names the script of a new one, `?copy=` the action that it begins as. */
export function Page() {
  const { params, query } = useRoute();
  const id = params['id'] ?? null;
  const copy = id === null ? (query['copy'] ?? null) : null;
  return <EditorOf key={id ?? `new ${copy ?? ''}`} id={id} copy={copy} script={query['script'] ?? ''} />;
}

function EditorOf({ id, copy, script }: { id: string | null; copy: string | null; script: string }) {
  const from = id ?? copy;
  const draft = useSignal<Draft | null>(from === null && script === '' ? emptyDraft() : null);
  const { problem, attempt } = useAttempts();

  async function load(): Promise<void> {
    if (draft.peek() !== null) return;
    await attempt(async () => {
      if (from === null) draft.value = await draftOfScript(script);
      else {
        const action = await read(isFullAction, agent.actions[':id'].$get({ param: { id: from } }));
        draft.value = copy === null ? draftOf(action) : copyOf(action);
      }
    });
  }
  useEffect(() => {
    void load();
  }, []);

  const title = id === null ? t('New action') : t('Edit action');
  if (draft.value !== null) return <Editor id={id} draft={draft.value} title={title} />;
  return (
    <>
      <PageHead title={title} />
      {problem.value === null ? (
        <Loading what={t('the action')} />
      ) : (
        <Problem message={problem.value} action={<Button onClick={() => void load()}>{t('Try again')}</Button>} />
      )}
    </>
  );
}

/** A new action as the script's own comments say it; of one that says nothing, or can't be read here, its name. */
async function draftOfScript(script: string): Promise<Draft> {
  const header = await read(isScriptText, agent.scripts.content.$get({ query: { name: script } })).catch(() => null);
  if (header?.action_problem != null) toast(header.action_problem, 'bad');
  return draftFrom(script, header?.action ?? {});
}
