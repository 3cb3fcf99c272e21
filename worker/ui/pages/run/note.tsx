import { useSignal } from '@preact/signals';
import { Pencil, StickyNote } from 'lucide-preact';
import { useRef } from 'preact/hooks';
import { lazy } from 'preact-iso';
import type { Run } from '../../../../shared/runs.ts';
import { sentence } from '../../api.ts';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import './note.css';

const NoteEditor = lazy(() => import('./note-editor.tsx').then((part) => part.NoteEditor));

/** The note on a run, as text, and the way to write it. */
export function RunNote({ run, onWritten }: { run: Run; onWritten: (run: Run) => void }) {
  const editing = useSignal(false);
  const opener = useRef<HTMLDivElement>(null);

  // Its code comes before the button goes: there is always one of both, and the focus is in it.
  function edit(): void {
    NoteEditor.preload().then(setTo(editing, true), (error: unknown) => toast(sentence(error), 'bad'));
  }
  function close(): void {
    editing.value = false;
    setTimeout(() => opener.current?.querySelector('button')?.focus());
  }
  if (editing.value) {
    return (
      <NoteEditor
        run={run}
        onClose={close}
        onWritten={(written) => {
          onWritten(written);
          close();
        }}
      />
    );
  }
  return (
    <div class="run-note" ref={opener}>
      {run.note !== undefined && (
        <p class="run-note-text">
          <StickyNote size={16} aria-hidden="true" />
          <span class="hush">{t('Note:')}</span>
          <span dir="auto">{run.note}</span>
        </p>
      )}
      <Button
        kind="ghost"
        small
        icon={run.note === undefined ? <StickyNote size={16} aria-hidden="true" /> : <Pencil size={16} aria-hidden="true" />}
        onClick={edit}
      >
        {run.note === undefined ? t('Add a note') : t('Edit note')}
      </Button>
    </div>
  );
}
