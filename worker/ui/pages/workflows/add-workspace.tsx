import { useSignal } from '@preact/signals';
import { isGitAddress } from '../../../../shared/git-address.ts';
import { useSubmit } from '../../data/submit.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Switch } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { t } from '../../translate.ts';
import { CommandLine } from '../hosts/add-host.tsx';
import { addWorkspace } from './calls.ts';
import { nameFrom } from './workspace-name.ts';

/** A folder of the host, or a git repository, with `.workflows/*.yaml` in it. */
export function AddWorkspace(props: { onClose: () => void; onAdded: () => void }) {
  const name = useSignal('');
  const path = useSignal('');
  const ref = useSignal('');
  const library = useSignal(false);
  const isGit = isGitAddress(path.value.trim());
  const suggested = nameFrom(path.value);
  const { busy, wrong, submit } = useSubmit(
    async () => {
      const [place, of] = [path.peek().trim(), ref.peek().trim()];
      const named = { name: name.peek().trim() || suggested, ...(library.peek() ? { library: true } : {}) };
      await addWorkspace(
        isGit ? { type: 'git', ...named, url: place, ...(of === '' ? {} : { ref: of }) } : { type: 'folder', ...named, path: place },
      );
      props.onAdded();
      props.onClose();
    },
    {
      fields: ['name', 'path', 'url', 'ref'],
      leaves: true,
      check: () => (path.peek().trim() === '' ? { path: t('A path or an address is needed.') } : {}),
    },
  );
  return (
    <Sheet title={t('Add a workspace')} unsaved={path.value !== '' && !busy} onClose={props.onClose}>
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <TextField
          label={t('Path or address')}
          mono
          required
          help={t(
            'The folder on the host in which .workflows lies, or the address of a git repository, which the host asks with its own git.',
          )}
          {...bound(path)}
          error={wrong['path'] ?? wrong['url']}
        />
        {isGit && (
          <TextField
            label={t('Branch, tag or commit')}
            mono
            help={t('Left empty: what the repository calls HEAD.')}
            {...bound(ref)}
            error={wrong['ref']}
          />
        )}
        <TextField
          label={t('Name')}
          mono
          placeholder={suggested}
          help={t('Small letters, digits and hyphens. It stands in addresses and commands.')}
          {...bound(name)}
          error={wrong['name']}
        />
        <Switch
          label={t('A library for other workspaces')}
          help={t('They use its actions, tasks and connection types by its name and a dot. It has no jobs of its own.')}
          checked={library.value}
          onChange={(on) => (library.value = on)}
        />
        <div class="stack">
          <p class="small muted">{t('Or in a terminal on the host:')}</p>
          <CommandLine
            line={`toru workspace add ${name.value.trim() || suggested || 'NAME'} ${path.value.trim() || 'FOLDER'}${isGit && ref.value.trim() !== '' ? ` --ref ${ref.value.trim()}` : ''}${library.value ? ' --library' : ''}`}
          />
        </div>
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Cancel')}</Button>
          <Button acts="add" kind="primary" type="submit" busy={busy}>
            {t('Add')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
