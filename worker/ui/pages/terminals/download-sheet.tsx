import { useSignal } from '@preact/signals';
import { useSubmit } from '../../data/submit.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { t } from '../../translate.ts';
import { downloadPath } from './file-calls.ts';

/** A file of the host, by its path as one writes it in the terminal. */
export function DownloadSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const path = useSignal('');
  const { busy, wrong, submit } = useSubmit(
    async () => {
      await downloadPath(id, path.peek().trim());
      onClose();
    },
    { fields: ['path'], check: () => (path.peek().trim() === '' ? { path: t('Name a file.') } : {}), leaves: true },
  );
  return (
    <Sheet title={t('Download a file')} onClose={onClose}>
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <TextField
          mono
          label={t('Path')}
          help={t('From the folder in which the terminal is, or beginning with / or ~/.')}
          {...bound(path)}
          error={wrong['path']}
        />
        <SheetButtons>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t('Download')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
