import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { Back } from '../../parts/back.tsx';
import { ButtonLink } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { t } from '../../translate.ts';
import { getTerminal } from './calls.ts';
import { listFolders } from './folder-calls.ts';
import { inheritedFrom } from './folder-tree.ts';
import type { LiveScreen } from './live-screen.ts';
import { hearTerminals } from './terminal-frames.ts';
import { terminalSource } from './terminal-stream.ts';
import { TerminalTools } from './terminal-tools.tsx';
import { TerminalView } from './terminal-view.tsx';
import { stateOf } from './words.ts';

/** One terminal, or two beside each other. */
export function TerminalPage({ id, beside }: { id: string; beside: string | null }) {
  const other = beside === id ? null : beside;
  // One tree for both: what is composed in a terminal stays when another one comes beside it, or goes.
  return (
    <div class={other === null ? 'terminal-alone' : 'terminal-split'}>
      <Pane key={id} id={id} {...(other === null ? {} : { onAway: () => navigate(`/terminals/${other}`) })} />
      {other !== null && <Pane key={other} id={other} onAway={() => navigate(`/terminals/${id}`)} />}
    </div>
  );
}

/** @param onAway takes it from beside the other one. */
function Pane({ id, onAway }: { id: string; onAway?: () => void }) {
  const { data: terminal, problem, set } = useResource((signal) => getTerminal(id, signal), id);
  const source = useMemo(() => terminalSource(id, set), [id]);
  const removed = useSignal(false);
  const live = useSignal<LiveScreen | null>(null);
  useEffect(
    () =>
      hearTerminals(
        (frame) => {
          if (frame.terminal_id !== id) return;
          if (frame.type === 'terminal') set(frame.terminal);
          if (frame.type === 'terminal_removed') removed.value = true;
        },
        () => undefined,
      ),
    [id],
  );
  const folder = terminal?.folder ?? null;
  useEffect(() => {
    const screen = live.value;
    // Without leave to see folders, a terminal has the page's colours.
    if (screen === null || folder === null || !isAdmin.peek()) return;
    listFolders()
      .then(({ items }) => {
        const own = items.find(({ id: one }) => one === folder)?.preferences.theme;
        screen.theme.value = own ?? inheritedFrom(items, items.find(({ id: one }) => one === folder)?.parent ?? null).theme ?? 'system';
      })
      .catch(() => undefined);
  }, [live.value, folder]);
  const back = <Back href="/terminals" label={t('Terminals')} />;
  if (removed.value || (terminal === null && problem !== null))
    return (
      <div class="wide">
        <PageHead title={t('Terminal')} before={back} />
        <Problem
          message={removed.value ? t('This terminal was removed.') : (problem ?? '')}
          action={<ButtonLink href="/terminals">{t('Go to the terminals')}</ButtonLink>}
        />
      </div>
    );
  const name = terminal?.name ?? t('Terminal');
  const title = live.value?.title.value ?? '';
  const lead = terminal === null ? undefined : [stateOf(terminal), title].filter((part) => part !== '').join(' · ');
  return (
    <div class="terminal-page">
      <PageHead title={name} tab={title === '' ? name : `${title} · ${name}`} before={onAway === undefined && back} lead={lead}>
        {live.value !== null && <TerminalTools id={id} screen={live.value} {...(onAway === undefined ? {} : { onAway })} />}
      </PageHead>
      <TerminalView
        source={source}
        onLive={(now) => {
          live.value = now;
        }}
      />
    </div>
  );
}
