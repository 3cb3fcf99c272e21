import { useSignal } from '@preact/signals';
import { Eye, FolderTree, GitFork, Plus, SquareTerminal, Trash2, X } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import type { Terminal } from '../../../../shared/terminals.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { When } from '../../parts/when.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { closeTerminal, listTerminals, openTerminal } from './calls.ts';
import { hearTerminals } from './terminal-frames.ts';
import { stateOf, wishOf } from './words.ts';
import './terminals.css';

/** All terminals that the person may see, live. */
export function TerminalsPage() {
  const list = useResource(listTerminals);
  const busy = useSignal(false);
  useEffect(
    () =>
      hearTerminals((frame) => {
        if (frame.type === 'terminal')
          list.update(({ items, next_cursor }) => {
            const at = items.findIndex(({ id }) => id === frame.terminal_id);
            return { items: at < 0 ? [frame.terminal, ...items] : items.with(at, frame.terminal), next_cursor };
          });
        if (frame.type === 'terminal_removed')
          list.update(({ items, next_cursor }) => ({ items: items.filter(({ id }) => id !== frame.terminal_id), next_cursor }));
      }, list.again),
    [],
  );

  async function open(): Promise<void> {
    busy.value = true;
    try {
      const { id } = await openTerminal({});
      navigate(`/terminals/${id}`);
    } catch (error) {
      toast(sentence(error), 'bad');
    } finally {
      busy.value = false;
    }
  }

  const items = list.data?.items ?? [];
  const open_ = isAdmin.value && (
    <Button kind="primary" icon={<Plus size={18} aria-hidden="true" />} busy={busy.value} onClick={() => void open()}>
      {t('New terminal')}
    </Button>
  );
  return (
    <div class="wide">
      <PageHead title={t('Terminals')} lead={t('Shells on the host that go on when you leave, on any screen.')}>
        {open_}
      </PageHead>
      {isAdmin.value && (
        <nav class="terminal-places" aria-label={t('Beside terminals')}>
          <ButtonLink href="/terminals/folders" icon={<FolderTree size={18} aria-hidden="true" />}>
            {t('Folders')}
          </ButtonLink>
          <ButtonLink href="/terminals/worktrees" icon={<GitFork size={18} aria-hidden="true" />}>
            {t('Worktrees')}
          </ButtonLink>
          <ButtonLink href="/terminals/orchestrators" icon={<Eye size={18} aria-hidden="true" />}>
            {t('Orchestrators')}
          </ButtonLink>
        </nav>
      )}
      {list.problem !== null && (
        <Problem message={list.problem} action={<Button onClick={() => void list.reload()}>{t('Try again')}</Button>} />
      )}
      {list.data === null && list.problem === null && <Loading what={t('the terminals')} rows={4} />}
      {list.data !== null && items.length === 0 && (
        <Empty title={isAdmin.value ? t('No terminal is open') : t('No terminal is shared with you')} action={open_} />
      )}
      {items.length > 0 && (
        <Listing label={t('Terminals')}>
          {items.map((terminal) => (
            <TerminalLine key={terminal.id} terminal={terminal} />
          ))}
        </Listing>
      )}
    </div>
  );
}

function TerminalLine({ terminal }: { terminal: Terminal }) {
  const { id, name, cwd, state, last_output_at, created_at } = terminal;
  const ended = state === 'ended';
  const wish = wishOf(terminal);
  async function close(): Promise<void> {
    try {
      await closeTerminal(id);
    } catch (error) {
      toast(sentence(error), 'bad');
    }
  }
  return (
    <Line
      lead={<SquareTerminal size={20} aria-hidden="true" />}
      title={name}
      href={`/terminals/${id}`}
      quiet={ended}
      acts={
        terminal.right === 'admin' && (
          <IconButton
            label={ended ? t('Remove {name}', { name }) : t('Close {name}', { name })}
            icon={ended ? <Trash2 size={18} aria-hidden="true" /> : <X size={18} aria-hidden="true" />}
            onClick={() => void close()}
          />
        )
      }
    >
      {wish !== '' && <strong class="terminal-wish">{wish} · </strong>}
      {stateOf(terminal)} · <When at={last_output_at ?? created_at} /> · <span dir="auto">{cwd}</span>
    </Line>
  );
}
