import { useSignal } from '@preact/signals';
import { ArchiveRestore, GitFork, SquareTerminal, Trash2 } from 'lucide-preact';
import type { List } from '../../../../shared/api.ts';
import type { TrashedWorktree, WorktreeStatus } from '../../../../shared/worktrees.ts';
import { bytes } from '../../amounts.ts';
import { sentence } from '../../api.ts';
import { type Resource, useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { Back } from '../../parts/back.tsx';
import { Badge } from '../../parts/badge.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { plural, t } from '../../translate.ts';
import { openTerminal } from './calls.ts';
import { getRoots, listStatus, listTrash, restoreWorktree } from './worktree-calls.ts';
import { AddWorktree, RemoveWorktree, RootsSheet } from './worktree-sheets.tsx';
import './folders.css';

/** The worktrees of the host's repositories, with what is in them that is nowhere else. */
export function WorktreesPage() {
  const roots = useResource(getRoots);
  const list = useResource(listStatus);
  const trash = useResource(listTrash);
  const adding = useSignal(false);
  const editing = useSignal(false);
  const removed = useSignal<WorktreeStatus | null>(null);
  const again = (): void => {
    void list.reload();
    void trash.reload();
  };
  const items = list.data?.items ?? [];
  const none = roots.data !== null && roots.data.roots.length === 0;
  const name = (
    // Without a sign: on a phone a button that has one shows only that.
    <Button kind={none ? 'primary' : 'plain'} onClick={setTo(editing, true)}>
      {t('Folders with repositories')}
    </Button>
  );
  return (
    <div class="wide">
      <PageHead
        title={t('Worktrees')}
        before={<Back href="/terminals" label={t('Terminals')} />}
        lead={t('A folder of its own for each branch that somebody works on.')}
      >
        {roots.data !== null && !none && name}
        {items.length > 0 && (
          <Button kind="primary" icon={<GitFork size={18} aria-hidden="true" />} onClick={setTo(adding, true)}>
            {t('New worktree')}
          </Button>
        )}
      </PageHead>
      {list.problem !== null && <Problem message={list.problem} action={<Button onClick={again}>{t('Try again')}</Button>} />}
      {list.data === null && list.problem === null && <Loading what={t('the worktrees')} rows={4} />}
      {none && (
        <Empty title={t('No folder is named yet')} action={name}>
          {t('Toru touches only repositories in folders that an admin names.')}
        </Empty>
      )}
      {!none && list.data !== null && items.length === 0 && (
        <Empty title={t('No repository of git was found')} action={name}>
          {t('None of the named folders has one.')}
        </Empty>
      )}
      {items.length > 0 && (
        <Listing label={t('Worktrees')}>
          {items.map((worktree) => (
            <WorktreeLine
              key={worktree.path}
              worktree={worktree}
              onRemove={() => {
                removed.value = worktree;
              }}
            />
          ))}
        </Listing>
      )}
      <Trash trash={trash} onRestored={again} />
      {adding.value && <AddWorktree onDone={again} onClose={setTo(adding, false)} />}
      {editing.value && roots.data !== null && (
        <RootsSheet
          roots={roots.data.roots}
          onDone={(now) => {
            roots.set({ roots: now });
            again();
          }}
          onClose={setTo(editing, false)}
        />
      )}
      {removed.value !== null && <RemoveWorktree worktree={removed.value} onDone={again} onClose={setTo(removed, null)} />}
    </div>
  );
}

function WorktreeLine({ worktree, onRemove }: { worktree: WorktreeStatus; onRemove: () => void }) {
  const { path, main, problem, missing } = worktree;
  async function open(): Promise<void> {
    try {
      navigate(`/terminals/${(await openTerminal({ cwd: path, name: nameOf(path) })).id}`);
    } catch (error) {
      toast(sentence(error), 'bad');
    }
  }
  return (
    <Line
      lead={<GitFork size={20} aria-hidden="true" />}
      title={
        <>
          <span dir="auto">{worktree.branch ?? worktree.head?.slice(0, 8) ?? t('No commit yet')}</span>{' '}
          {main && <Badge>{t('the repository itself')}</Badge>}
        </>
      }
      acts={
        <div class="row">
          {!missing && (
            <IconButton
              label={t('New terminal in {name}', { name: path })}
              icon={<SquareTerminal size={18} aria-hidden="true" />}
              onClick={() => void open()}
            />
          )}
          {!main && (
            <IconButton label={t('Remove {name}', { name: path })} icon={<Trash2 size={18} aria-hidden="true" />} onClick={onRemove} />
          )}
        </div>
      }
    >
      <span class="mono" dir="ltr">
        {path}
      </span>
      {problem === null ? <State worktree={worktree} /> : <p dir="auto">{problem}</p>}
    </Line>
  );
}

function State({ worktree: { ahead, behind, staged, changed, untracked, conflicts, unpushed, size_bytes } }: { worktree: WorktreeStatus }) {
  const dirty = staged + changed + untracked;
  return (
    <div class="worktree-state">
      {conflicts > 0 && <Badge tone="bad">{plural(conflicts, '1 conflict', '{count} conflicts')}</Badge>}
      {dirty > 0 && <Badge tone="wait">{plural(dirty, '1 file uncommitted', '{count} files uncommitted')}</Badge>}
      {(ahead ?? 0) > 0 && <Badge>{t('{count} ahead', { count: ahead ?? 0 })}</Badge>}
      {(behind ?? 0) > 0 && <Badge>{t('{count} behind', { count: behind ?? 0 })}</Badge>}
      {(unpushed ?? 0) > 0 && <Badge tone="wait">{plural(unpushed ?? 0, '1 commit unpushed', '{count} commits unpushed')}</Badge>}
      {dirty + conflicts + (unpushed ?? 0) === 0 && <Badge tone="ok">{t('clean')}</Badge>}
      {size_bytes !== null && <span>{bytes(size_bytes)}</span>}
    </div>
  );
}

function Trash({ trash, onRestored }: { trash: Resource<List<TrashedWorktree>>; onRestored: () => void }) {
  const items = trash.data?.items ?? [];
  if (items.length === 0) return null;
  async function restore({ id, path }: TrashedWorktree): Promise<void> {
    try {
      await restoreWorktree(id);
      toast(t('{path} is back', { path }), 'ok');
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    onRestored();
  }
  return (
    <Section title={t('Trash')} flush>
      <Listing label={t('Trash')}>
        {items.map((one) => (
          <Line
            key={one.id}
            title={one.branch ?? one.path}
            acts={
              <IconButton
                label={t('Restore {name}', { name: one.path })}
                icon={<ArchiveRestore size={18} aria-hidden="true" />}
                onClick={() => void restore(one)}
              />
            }
          >
            <span class="mono" dir="ltr">
              {one.path}
            </span>
            {one.expires_at !== null && <> · {rich('goes for good {when}', { when: <When at={one.expires_at} /> })}</>}
          </Line>
        ))}
      </Listing>
    </Section>
  );
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).slice(0, 80);
}
