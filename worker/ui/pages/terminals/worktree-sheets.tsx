import { useSignal } from '@preact/signals';
import type { WorktreeStatus } from '../../../../shared/worktrees.ts';
import { useResource } from '../../data/resource.ts';
import { useSubmit } from '../../data/submit.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Field, Switch } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { t } from '../../translate.ts';
import { addWorktree, listRepositories, removeWorktree, setRoots } from './worktree-calls.ts';

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** A new worktree: of a branch that is there, or of a new one. */
export function AddWorktree({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const repositories = useResource(listRepositories);
  const repository = useSignal('');
  const branch = useSignal('');
  const base = useSignal('');
  const copy = useSignal('');
  const chosen = repository.value === '' ? (repositories.data?.items[0]?.path ?? '') : repository.value;
  const { busy, wrong, submit } = useSubmit(
    async () => {
      const from = base.peek().trim();
      await addWorktree({
        repository: chosen,
        branch: branch.peek().trim(),
        ...(from === '' ? {} : { base: from }),
        copy: linesOf(copy.peek()),
      });
      onDone();
      onClose();
    },
    {
      fields: ['repository', 'branch', 'base', 'copy'],
      check: () => (branch.peek().trim() === '' ? { branch: t('Name a branch.') } : {}),
      leaves: true,
    },
  );
  return (
    <Sheet title={t('New worktree')} unsaved={branch.value !== ''} onClose={onClose}>
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        {repositories.problem !== null && <Problem message={repositories.problem} />}
        {repositories.data === null && repositories.problem === null && <Loading what={t('the repositories')} rows={1} />}
        <Field label={t('Repository')} error={wrong['repository']}>
          {(ties) => (
            <select
              class="select"
              {...ties}
              value={chosen}
              onChange={(event) => {
                repository.value = event.currentTarget.value;
              }}
            >
              {(repositories.data?.items ?? []).map(({ path }) => (
                <option key={path} value={path}>
                  {path}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField
          mono
          label={t('Branch')}
          help={t('One that is there is checked out, any other is made.')}
          {...bound(branch)}
          error={wrong['branch']}
        />
        <TextField
          mono
          label={t('A new branch begins at')}
          help={t('Without, where the repository is.')}
          {...bound(base)}
          error={wrong['base']}
        />
        <Field label={t('Files to copy that git does not know')} help={t('One a line, such as .env')} error={wrong['copy']} optional>
          {(ties) => (
            <textarea
              class="textarea mono"
              rows={2}
              spellcheck={false}
              {...ties}
              value={copy.value}
              onInput={(event) => {
                copy.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        <SheetButtons>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t('Make it')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

/** The host says what would be lost; then it can be removed all the same. */
export function RemoveWorktree({ worktree, onDone, onClose }: { worktree: WorktreeStatus; onDone: () => void; onClose: () => void }) {
  const force = useSignal(false);
  const { busy, wrong, submit } = useSubmit(
    async () => {
      await removeWorktree(worktree.path, force.peek());
      onDone();
      onClose();
    },
    { leaves: true },
  );
  const refused = wrong['form'];
  return (
    <Sheet title={t('Remove {name}?', { name: worktree.branch ?? worktree.path })} onClose={onClose}>
      <Form class="stack" onSubmit={submit}>
        <p class="muted">{t('Its files wait in the trash, and can be restored from there.')}</p>
        {refused !== undefined && <Problem message={refused} />}
        {(refused !== undefined || force.value) && (
          <Switch label={t('Remove it all the same')} checked={force.value} onChange={bound(force).onValue} />
        )}
        <SheetButtons>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button kind="danger" acts="remove" type="submit" busy={busy}>
            {busy ? t('Removing…') : t('Remove')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

/** The folders in which git may be used. */
export function RootsSheet(props: { roots: readonly string[]; onDone: (roots: string[]) => void; onClose: () => void }) {
  const before = props.roots.join('\n');
  const roots = useSignal(before);
  const { busy, wrong, submit } = useSubmit(
    async () => {
      const { roots: now } = await setRoots(linesOf(roots.peek()));
      props.onDone(now);
      props.onClose();
    },
    { fields: ['roots'], leaves: true },
  );
  return (
    <Sheet title={t('Folders with repositories')} unsaved={roots.value !== before} onClose={props.onClose}>
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <Field label={t('Folders')} help={t('One a line, such as ~/code. Their hooks run as they do in a shell.')} error={wrong['roots']}>
          {(ties) => (
            <textarea
              class="textarea mono"
              rows={4}
              spellcheck={false}
              {...ties}
              value={roots.value}
              onInput={(event) => {
                roots.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t('Save')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
