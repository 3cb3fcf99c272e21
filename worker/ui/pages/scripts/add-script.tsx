import { useSignal } from '@preact/signals';
import { Upload } from 'lucide-preact';
import { MAX_SCRIPT_CHARS } from '../../../../shared/limits.ts';
import { agent, read } from '../../api.ts';
import { useSubmit } from '../../data/submit.ts';
import { isAnything } from '../../guards.ts';
import { navigate } from '../../navigation.ts';
import { bound, setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { t } from '../../translate.ts';

/** Puts a new script into the scripts folder: from a file of this device, or typed. */
export function AddScript({ onAdded }: { onAdded: () => void }) {
  const open = useSignal(false);
  return (
    <>
      <Button icon={<Upload size={18} aria-hidden="true" />} onClick={setTo(open, true)}>
        {t('Add a script')}
      </Button>
      {open.value && <NewScript onAdded={onAdded} onClose={setTo(open, false)} />}
    </>
  );
}

function NewScript({ onAdded, onClose }: { onAdded: () => void; onClose: () => void }) {
  const name = useSignal('');
  const content = useSignal('');
  const { busy, wrong, submit } = useSubmit(
    async () => {
      await read(isAnything, agent.scripts.content.$put({ json: { name: name.value.trim(), content: content.value, sha256: null } }));
      onAdded();
      onClose();
      navigate(`/scripts/edit?name=${encodeURIComponent(name.value.trim())}`);
    },
    {
      fields: ['name', 'content'],
      leaves: true,
      check: () => ({
        ...(name.value.trim() === '' ? { name: 'Give the script a name, such as backup.sh.' } : {}),
        ...(content.value.trim() === '' ? { content: t('Choose a file, or type the script.') } : {}),
        ...(content.value.length > MAX_SCRIPT_CHARS
          ? { content: t('A script has {MAX_SCRIPT_CHARS} KiB at most here.', { MAX_SCRIPT_CHARS: MAX_SCRIPT_CHARS / 1024 }) }
          : {}),
      }),
    },
  );

  async function take(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    if (name.peek() === '') name.value = file.name;
    content.value = file.size > MAX_SCRIPT_CHARS * 3 ? 'x'.repeat(MAX_SCRIPT_CHARS + 1) : (await file.text()).replaceAll('\r\n', '\n');
  }
  return (
    <Sheet wide title={t('Add a script')} unsaved={content.value !== '' && !busy} onClose={onClose}>
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <Field label={t('File')} optional help={t('A text. Line breaks of Windows become those that a script needs.')}>
          {(ties) => <input {...ties} class="input" type="file" onChange={(event) => void take(event.currentTarget.files?.[0])} />}
        </Field>
        <TextField
          label={t('Name')}
          help={t('In the scripts folder, such as backup.sh.')}
          error={wrong['name']}
          mono
          autocapitalize="none"
          {...bound(name)}
        />
        <Field label={t('Text')} error={wrong['content']}>
          {(ties) => (
            <textarea
              {...ties}
              {...VERBATIM}
              class="textarea mono"
              value={content.value}
              onInput={(event) => {
                content.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        <SheetButtons>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button acts="do" kind="primary" type="submit" busy={busy}>
            {busy ? t('Adding…') : t('Add')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
