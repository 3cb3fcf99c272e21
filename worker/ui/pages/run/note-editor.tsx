import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { MAX_NOTE_CHARS } from '../../../../shared/limits.ts';
import type { Run } from '../../../../shared/runs.ts';
import { writeNote } from '../../data/change-run.ts';
import { useSubmit } from '../../data/submit.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { t } from '../../translate.ts';
import { leaveUnsaved, useUnsaved } from '../../unsaved.ts';

/** Where a note on a run is written. */
export function NoteEditor(props: { run: Run; onClose: () => void; onWritten: (run: Run) => void }) {
  const { run } = props;
  const before = useRef(run.note);
  const text = useSignal(run.note ?? '');
  const form = useRef<HTMLFormElement>(null);
  const unsaved = text.value !== (before.current ?? '');
  useUnsaved(unsaved);
  useLayoutEffect(() => form.current?.querySelector('textarea')?.focus(), []);

  const { busy, wrong, submit } = useSubmit(async () => props.onWritten(await writeNote(run.task_id, text.value)), { leaves: true });

  return (
    <Form ref={form} class="run-note-form" onSubmit={submit}>
      <Field
        label={t('Note')}
        help={
          run.note === before.current
            ? t('Everybody who sees this run reads it, and the search finds it. {count} of {MAX_NOTE_CHARS} characters.', {
                count: text.value.length,
                MAX_NOTE_CHARS,
              })
            : t('Somebody else changed it meanwhile. Saving puts yours in its place.')
        }
        error={wrong['form']}
      >
        {(ties) => (
          <textarea
            {...ties}
            class="textarea"
            dir="auto"
            rows={3}
            maxLength={MAX_NOTE_CHARS}
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value;
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
              if (event.key === 'Escape') leaveUnsaved(unsaved, props.onClose);
            }}
          />
        )}
      </Field>
      <div class="row end">
        <Button onClick={props.onClose}>{t('Cancel')}</Button>
        <Button kind="primary" type="submit" busy={busy}>
          {busy ? t('Saving…') : t('Save note')}
        </Button>
      </div>
    </Form>
  );
}
