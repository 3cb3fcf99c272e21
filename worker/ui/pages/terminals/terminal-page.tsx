import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useResource } from '../../data/resource.ts';
import { Back } from '../../parts/back.tsx';
import { ButtonLink } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { t } from '../../translate.ts';
import { getTerminal } from './calls.ts';
import type { LiveScreen } from './live-screen.ts';
import { hearTerminals } from './terminal-frames.ts';
import { TerminalTools } from './terminal-tools.tsx';
import { TerminalView } from './terminal-view.tsx';
import { stateOf } from './words.ts';

/** One terminal. */
export function TerminalPage({ id }: { id: string }) {
  const { data: terminal, problem, set } = useResource((signal) => getTerminal(id, signal), id);
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
      <PageHead title={name} tab={title === '' ? name : `${title} · ${name}`} before={back} lead={lead}>
        {live.value !== null && <TerminalTools screen={live.value} />}
      </PageHead>
      <TerminalView
        id={id}
        changed={set}
        onLive={(now) => {
          live.value = now;
        }}
      />
    </div>
  );
}
