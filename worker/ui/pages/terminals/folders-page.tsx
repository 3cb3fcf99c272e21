import { useSignal } from '@preact/signals';
import { FolderPlus, FolderTree, Pencil, SquareTerminal, Trash2 } from 'lucide-preact';
import type { Folder } from '../../../../shared/folders.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { Ask } from '../../parts/ask.tsx';
import { Back } from '../../parts/back.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { toast } from '../../toasts.ts';
import { plural, t } from '../../translate.ts';
import { listTerminals, openTerminal } from './calls.ts';
import { listFolders, removeFolder } from './folder-calls.ts';
import { FolderSheet } from './folder-sheet.tsx';
import { branchesOf, inheritedFrom } from './folder-tree.ts';
import './folders.css';

/** The tree of folders, with what terminals in each begin with. */
export function FoldersPage() {
  const folders = useResource(listFolders);
  const terminals = useResource(listTerminals);
  const edited = useSignal<{ folder: Folder | null; parent: string | null } | null>(null);
  const removed = useSignal<Folder | null>(null);
  const items = folders.data?.items ?? [];
  const openIn = (id: string): number =>
    (terminals.data?.items ?? []).filter(({ folder, state }) => folder === id && state !== 'ended').length;
  const make = (parent: string | null) => () => {
    edited.value = { folder: null, parent };
  };

  async function open(folder: string): Promise<void> {
    try {
      navigate(`/terminals/${(await openTerminal({ folder })).id}`);
    } catch (error) {
      toast(sentence(error), 'bad');
    }
  }

  const newOne = (
    <Button kind="primary" icon={<FolderPlus size={18} aria-hidden="true" />} onClick={make(null)}>
      {t('New folder')}
    </Button>
  );
  return (
    <div class="wide">
      <PageHead
        title={t('Folders')}
        before={<Back href="/terminals" label={t('Terminals')} />}
        lead={t('What their terminals begin with. A folder takes from those above what it does not say itself.')}
      >
        {newOne}
      </PageHead>
      {folders.problem !== null && (
        <Problem message={folders.problem} action={<Button onClick={() => void folders.reload()}>{t('Try again')}</Button>} />
      )}
      {folders.data === null && folders.problem === null && <Loading what={t('the folders')} rows={4} />}
      {folders.data !== null && items.length === 0 && (
        <Empty title={t('No folder yet')} action={newOne}>
          {t('Terminals of one thing, with the same working folder, shell and variables.')}
        </Empty>
      )}
      {items.length > 0 && (
        <Listing label={t('Folders')}>
          {branchesOf(items).map(({ folder, depth }) => {
            const { name, id } = folder;
            const preferences = { ...inheritedFrom(items, folder.parent), ...folder.preferences };
            const count = openIn(id);
            return (
              <Line
                key={id}
                lead={
                  <span class="folder-lead" style={{ '--depth': String(depth) }}>
                    <FolderTree size={20} aria-hidden="true" />
                  </span>
                }
                title={name}
                acts={
                  <div class="row">
                    <IconButton
                      label={t('New terminal in {name}', { name })}
                      icon={<SquareTerminal size={18} aria-hidden="true" />}
                      onClick={() => void open(id)}
                    />
                    <IconButton
                      label={t('New folder in {name}', { name })}
                      disabled={depth >= 7}
                      icon={<FolderPlus size={18} aria-hidden="true" />}
                      onClick={make(id)}
                    />
                    <IconButton
                      label={t('Edit {name}', { name })}
                      icon={<Pencil size={18} aria-hidden="true" />}
                      onClick={() => {
                        edited.value = { folder, parent: folder.parent };
                      }}
                    />
                    <IconButton
                      label={t('Remove {name}', { name })}
                      icon={<Trash2 size={18} aria-hidden="true" />}
                      onClick={() => {
                        removed.value = folder;
                      }}
                    />
                  </div>
                }
              >
                <span class="mono" dir="ltr">
                  {preferences.cwd ?? '~'}
                </span>
                {count > 0 && ` · ${plural(count, '1 terminal', '{count} terminals')}`}
              </Line>
            );
          })}
        </Listing>
      )}
      {edited.value !== null && (
        <FolderSheet
          folders={items}
          folder={edited.value.folder}
          parent={edited.value.parent}
          onDone={() => void folders.reload()}
          onClose={() => {
            edited.value = null;
          }}
        />
      )}
      {removed.value !== null && (
        <RemoveFolder folder={removed.value} onDone={() => void folders.reload()} onClose={setTo(removed, null)} />
      )}
    </div>
  );
}

function RemoveFolder({ folder, onDone, onClose }: { folder: Folder; onDone: () => void; onClose: () => void }) {
  return (
    <Ask
      title={t('Remove {name}?', { name: folder.name })}
      verb={t('Remove')}
      doing={t('Removing…')}
      danger
      onYes={async () => {
        await removeFolder(folder.id);
        onDone();
      }}
      onClose={onClose}
    >
      <p>{t('Folders in it go, too. Its terminals stay, in no folder.')}</p>
    </Ask>
  );
}
