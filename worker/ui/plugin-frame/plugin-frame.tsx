import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PluginSlot, PluginSummary } from '../../../shared/plugins.ts';
import { call, sentence } from '../api.ts';
import { Button } from '../parts/button.tsx';
import { Problem } from '../parts/empty.tsx';
import { me } from '../session.ts';
import { Bridge } from './bridge.ts';
import './plugin-frame.css';

/** A card is a card: what is higher scrolls inside it. */
const HIGHEST: Record<PluginSlot, number> = { card: 480, page: 20_000 };

interface Props {
  plugin: PluginSummary;
  slot: PluginSlot;
}

/** A plugin's own page or card, in a frame that can reach nothing of ours but through its bridge. */
export function PluginFrame({ plugin, slot }: Props) {
  const problem = useSignal<string | null>(null);
  const bundle = useSignal<string | null>(null);
  const tries = useSignal(0);
  const revision = plugin.page?.revision;

  useEffect(() => {
    const left = new AbortController();
    bundle.value = null;
    problem.value = null;
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

  if (problem.value !== null) {
    const again = (): void => {
      tries.value += 1;
    };
    return <Problem message={problem.value} action={<Button onClick={again}>Try again</Button>} />;
  }
  if (bundle.value === null)
    return <div class={`plugin-frame plugin-frame-${slot} plugin-frame-ghost`} role="status" aria-label={`Loading ${plugin.name}`} />;
  return <Frame key={`${plugin.id}/${revision}/${tries.value}`} plugin={plugin} slot={slot} bundle={bundle.value} />;
}

function Frame({ plugin, slot, bundle }: Props & { bundle: string }) {
  const height = useSignal(0);
  const bridge = useRef<Bridge | null>(null);
  useEffect(() => () => bridge.current?.close(), []);

  /** Once: a frame that loads again has navigated itself, and gets nothing any more. */
  function loaded(frame: HTMLIFrameElement): void {
    const user = me.peek()?.user;
    if (bridge.current !== null || frame.contentWindow === null || user === undefined) return;
    bridge.current = new Bridge(frame.contentWindow, plugin, slot, bundle, user, {
      height: (px) => {
        height.value = Math.min(Math.max(0, px), HIGHEST[slot]);
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
