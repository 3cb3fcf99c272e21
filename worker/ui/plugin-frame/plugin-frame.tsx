import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PluginSlot, PluginSummary } from '../../../shared/plugins.ts';
import { call, sentence } from '../api.ts';
import { connection } from '../connection/page-connection.ts';
import { me } from '../own-session.ts';
import { Button } from '../parts/button.tsx';
import { Problem } from '../parts/empty.tsx';
import { t } from '../translate.ts';
import { Bridge } from './bridge.ts';
import './plugin-frame.css';

/** A card is a card: what is higher scrolls inside it. */
const HIGHEST: Record<PluginSlot, number> = { card: 480, page: 20_000 };

/** As high as each was drawn last, so that nothing jumps when somebody comes back. */
const heights = new Map<string, number>();

interface Props {
  plugin: PluginSummary;
  slot: PluginSlot;
}

/** A plugin's own page or card, in a frame that can reach nothing of ours but through its bridge. */
export function PluginFrame({ plugin, slot }: Props) {
  const problem = useSignal<string | null>(null);
  const bundle = useSignal<string | null>(null);
  const tries = useSignal(0);
  // As it last ran: a new bundle is drawn when the process that goes with it is up, and one that crashed stays in view.
  const settled = useRef<string | undefined>(undefined);
  if (plugin.state === 'running') settled.current = plugin.page?.revision;
  const revision = settled.current;
  const again = (): void => {
    tries.value += 1;
  };

  useEffect(() => {
    const left = new AbortController();
    bundle.value = null;
    problem.value = null;
    if (revision === undefined) return undefined;
    call(`/api/plugins/${plugin.id}/bundle.js`, { signal: left.signal })
      .then((response) => response.text())
      .then(
        (text) => {
          bundle.value = text;
        },
        (error: unknown) => {
          if (!left.signal.aborted) problem.value = sentence(error);
        },
      );
    return () => left.abort();
  }, [plugin.id, revision, tries.value]);
  // A bundle that could not be read while the host was away is read when it is back.
  useEffect(() => connection.onReopen(() => problem.peek() !== null && again()), []);

  if (revision === undefined) return null;
  if (problem.value !== null) return <Problem message={problem.value} action={<Button onClick={again}>{t('Try again')}</Button>} />;
  if (bundle.value === null)
    return (
      <div
        class={`plugin-frame plugin-frame-${slot} plugin-frame-ghost`}
        role="status"
        aria-label={t('Loading {name}', { name: plugin.name })}
        style={{ height: `${heights.get(`${plugin.id}/${slot}`) ?? 0}px` }}
      />
    );
  return (
    <Frame
      key={`${plugin.id}/${revision}/${tries.value}`}
      plugin={plugin}
      slot={slot}
      bundle={bundle.value}
      onLeft={() => {
        problem.value = t('This plugin’s page went somewhere else. It may stay in its frame only.');
      }}
    />
  );
}

function Frame({ plugin, slot, bundle, onLeft }: Props & { bundle: string; onLeft: () => void }) {
  const known = `${plugin.id}/${slot}`;
  const height = useSignal(heights.get(known) ?? 0);
  const bridge = useRef<Bridge | null>(null);
  useEffect(() => () => bridge.current?.close(), []);

  /** Once: a frame that loads again has navigated itself, and gets nothing any more. */
  function loaded(frame: HTMLIFrameElement): void {
    const user = me.peek()?.user;
    if (bridge.current !== null) {
      bridge.current.close();
      onLeft();
      return;
    }
    if (frame.contentWindow === null || user === undefined) return;
    bridge.current = new Bridge(frame.contentWindow, plugin, slot, bundle, user, {
      height: (px) => {
        height.value = Math.min(Math.max(0, px), HIGHEST[slot]);
        heights.set(known, height.value);
      },
    });
  }

  return (
    <iframe
      class={`plugin-frame plugin-frame-${slot}`}
      title={plugin.name}
      src="/plugin-frame.html"
      sandbox="allow-scripts"
      referrerpolicy="no-referrer"
      allow=""
      style={{ height: `${height.value}px` }}
      onLoad={(event) => loaded(event.currentTarget)}
    />
  );
}
