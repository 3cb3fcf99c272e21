import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { agent, read, sentence } from '../api.ts';
import { isFullAction } from '../guards.ts';
import { Button } from '../parts/button.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { type Draft, draftOf, emptyDraft } from './action-editor/action-draft.ts';
import { Editor } from './action-editor/editor.tsx';
import './action-editor.css';

/** Where an action is made or changed. `?script=` names the script of a new one. */
export function ActionEditorPage() {
  const { params, query } = useRoute();
  const id = params['id'] ?? null;
  return <EditorOf key={id ?? 'new'} id={id} script={query['script'] ?? ''} />;
}

function EditorOf({ id, script }: { id: string | null; script: string }) {
  const draft = useSignal<Draft | null>(id === null ? emptyDraft(script) : null);
  const problem = useSignal<string | null>(null);

  async function load(): Promise<void> {
    if (id === null) return;
    problem.value = null;
    try {
      draft.value = draftOf(await read(isFullAction, agent.actions[':id'].$get({ param: { id } })));
    } catch (error) {
      problem.value = sentence(error);
    }
  }
  useEffect(() => {
    void load();
  }, []);

  const title = id === null ? 'New action' : 'Edit action';
  if (draft.value !== null) return <Editor id={id} draft={draft.value} title={title} />;
  return (
    <>
      <PageHead title={title} />
      {problem.value === null ? (
        <Loading what="the action" />
      ) : (
        <Problem message={problem.value} action={<Button onClick={() => void load()}>Try again</Button>} />
      )}
    </>
  );
}
