import { useSignal } from '@preact/signals';
import type { Folder } from '../../../../shared/folders.ts';
import type { Orchestrator } from '../../../../shared/orchestrators.ts';
import { useResource } from '../../data/resource.ts';
import { useSubmit } from '../../data/submit.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field, Switch } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { t } from '../../translate.ts';
import { listFolders, saveOrchestrator } from './calls.ts';

const MINUTE_S = 60;

/** Makes an orchestrator, or changes one. */
export function OrchestratorSheet({ of, onClose }: { of: Orchestrator | null; onClose: () => void }) {
  const folders = useResource(listFolders);
  const name = useSignal(of?.name ?? '');
  const folder = useSignal(of?.folder ?? '');
  const minutes = useSignal(String((of?.stall_s ?? 300) / MINUTE_S));
  const enabled = useSignal(of?.enabled ?? true);
  const notify = useSignal(of?.notify ?? true);
  const automatic = useSignal(of?.rule.enabled ?? false);
  const text = useSignal(of?.rule.text ?? 'continue');
  const { busy, wrong, submit } = useSubmit(
    async () => {
      await saveOrchestrator(of?.id ?? null, {
        ...(name.value.trim() === '' ? {} : { name: name.value.trim() }),
        folder: folder.value === '' ? null : folder.value,
        stall_s: Math.round(Number(minutes.value) * MINUTE_S),
        enabled: enabled.value,
        notify: notify.value,
        rule: { enabled: automatic.value, text: text.value },
      });
      onClose();
    },
    { fields: ['name', 'folder', 'stall_s', 'rule.text'] },
  );
  return (
    <Sheet title={of === null ? t('New orchestrator') : t('Change “{name}”', { name: of.name })} onClose={onClose}>
      <Form class="stack" onSubmit={submit}>
        {wrong[''] !== undefined && <Problem message={wrong['']} />}
        <TextField
          label={t('Name')}
          value={name.value}
          error={wrong['name']}
          maxLength={80}
          placeholder={t('All terminals')}
          onValue={(value) => {
            name.value = value;
          }}
        />
        <Field label={t('Terminals')} error={wrong['folder']}>
          {(ties) => (
            <select
              {...ties}
              class="input"
              value={folder.value}
              onChange={(event) => {
                folder.value = event.currentTarget.value;
              }}
            >
              <option value="">{t('All of this host')}</option>
              {(folders.data?.items ?? []).map((each) => (
                <option key={each.id} value={each.id}>
                  {pathOf(each, folders.data?.items ?? [])}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label={t('Stalled after, in minutes')}
          help={t('Without output, and without work of its processes or by its program’s own word.')}
          error={wrong['stall_s']}
        >
          {(ties) => (
            <input
              {...ties}
              class="input"
              type="number"
              min={0.5}
              max={1440}
              step={0.5}
              value={minutes.value}
              required
              onInput={(event) => {
                minutes.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        <Switch
          label={t('It looks')}
          checked={enabled.value}
          onChange={(checked) => {
            enabled.value = checked;
          }}
        />
        <Switch
          label={t('Tell people of what it finds')}
          help={t('Devices that are told of terminals (Account), and the addresses of the host.')}
          checked={notify.value}
          onChange={(checked) => {
            notify.value = checked;
          }}
        />
        <Switch
          label={t('Type by itself')}
          help={t('Into a terminal that stalled, and only where its program said that it waits for input. Never into a question.')}
          checked={automatic.value}
          onChange={(checked) => {
            automatic.value = checked;
          }}
        />
        {automatic.value && (
          <TextField
            label={t('Text')}
            value={text.value}
            error={wrong['rule.text']}
            mono
            maxLength={1000}
            required
            onValue={(value) => {
              text.value = value;
            }}
          />
        )}
        <SheetButtons>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button acts="save" kind="primary" type="submit" busy={busy}>
            {t('Save')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

/** As it is found in the tree: “site / api”. */
function pathOf(folder: Folder, all: readonly Folder[]): string {
  const above = all.find(({ id }) => id === folder.parent);
  return above === undefined ? folder.name : `${pathOf(above, all)} / ${folder.name}`;
}
