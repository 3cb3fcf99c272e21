import { useSignal } from '@preact/signals';
import type { Folder, FolderPreferences } from '../../../../shared/folders.ts';
import { useSubmit } from '../../data/submit.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { msg, t } from '../../translate.ts';
import { changeFolder, makeFolder } from './folder-calls.ts';
import { envOfLines, inheritedFrom, linesOfEnv, possibleParents } from './folder-tree.ts';

const THEMES = [
  { value: '', label: msg('As above') },
  { value: 'system', label: msg('As the page') },
  { value: 'light', label: msg('Light') },
  { value: 'dark', label: msg('Dark') },
] as const;
type ThemeChoice = (typeof THEMES)[number]['value'];

interface FolderSheetProps {
  folders: readonly Folder[];
  /** null: a new one. */
  folder: Folder | null;
  parent: string | null;
  onDone: () => void;
  onClose: () => void;
}

/** A folder's name, its place and its preferences. */
export function FolderSheet({ folders, folder, parent: given, onDone, onClose }: FolderSheetProps) {
  const own = folder?.preferences ?? {};
  const name = useSignal(folder?.name ?? '');
  const parent = useSignal(folder === null ? (given ?? '') : (folder.parent ?? ''));
  const cwd = useSignal(own.cwd ?? '');
  const shell = useSignal(own.shell ?? '');
  const command = useSignal(own.startup_command ?? '');
  const repository = useSignal(own.repository ?? '');
  const theme = useSignal<ThemeChoice>(THEMES.find(({ value }) => value === own.theme)?.value ?? '');
  const env = useSignal(linesOfEnv(own.env));
  const changed = useSignal(false);
  const above = inheritedFrom(folders, parent.value === '' ? null : parent.value);

  const { busy, wrong, submit } = useSubmit(
    async () => {
      const variables = envOfLines(env.peek()) ?? {};
      const preferences: FolderPreferences = {
        cwd: filled(cwd.peek()),
        shell: filled(shell.peek()),
        startup_command: filled(command.peek()),
        repository: filled(repository.peek()),
        theme: filled(theme.peek()),
        ...(Object.keys(variables).length > 0 ? { env: variables } : {}),
      };
      const fields = { name: name.peek().trim(), parent: parent.peek() === '' ? null : parent.peek(), preferences };
      await (folder === null ? makeFolder(fields) : changeFolder(folder.id, fields));
      onDone();
      onClose();
    },
    {
      fields: ['name', 'parent', 'cwd', 'shell', 'startup_command', 'repository', 'env'],
      check: () => ({
        ...(name.peek().trim() === '' ? { name: t('Give the folder a name.') } : {}),
        ...(envOfLines(env.peek()) === null ? { env: t('One variable a line: NAME=value') } : {}),
      }),
      leaves: true,
    },
  );
  const inherits = (value: string | undefined): string => (value === undefined ? '' : t('From above: {value}', { value }));

  return (
    <Sheet title={folder === null ? t('New folder') : folder.name} unsaved={changed.value} onClose={onClose}>
      <Form
        class="stack"
        noValidate
        onSubmit={submit}
        onInput={() => {
          changed.value = true;
        }}
      >
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <TextField label={t('Name')} maxLength={80} {...bound(name)} error={wrong['name']} />
        <Field label={t('In')} error={wrong['parent']}>
          {(ties) => (
            <select
              class="select"
              {...ties}
              value={parent.value}
              onChange={(event) => {
                parent.value = event.currentTarget.value;
              }}
            >
              <option value="">{t('No folder')}</option>
              {possibleParents(folders, folder?.id ?? null).map((branch) => (
                <option key={branch.folder.id} value={branch.folder.id}>
                  {'\u2003'.repeat(branch.depth) + branch.folder.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField mono label={t('Working folder')} help={inherits(above.cwd)} {...bound(cwd)} error={wrong['cwd']} />
        <TextField mono label={t('Shell')} help={inherits(above.shell)} {...bound(shell)} error={wrong['shell']} />
        <TextField
          mono
          label={t('First command')}
          help={inherits(above.startup_command)}
          {...bound(command)}
          error={wrong['startup_command']}
        />
        <TextField mono label={t('Repository')} help={inherits(above.repository)} {...bound(repository)} error={wrong['repository']} />
        <Field label={t('Variables')} help={above.env === undefined ? '' : inherits(linesOfEnv(above.env))} error={wrong['env']}>
          {(ties) => (
            <textarea
              class="textarea mono"
              rows={3}
              spellcheck={false}
              {...ties}
              value={env.value}
              onInput={(event) => {
                env.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        <Choice label={t('Colours')} options={THEMES} {...bound(theme)} />
        <SheetButtons>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t('Save')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

function filled(value: string): string | undefined {
  return value.trim() === '' ? undefined : value.trim();
}
