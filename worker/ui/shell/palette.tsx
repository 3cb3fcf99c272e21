import { useSignal } from '@preact/signals';
import { Server } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Run } from '../../../shared/runs.ts';
import { actions } from '../data/known-actions.ts';
import { host, hosts } from '../data/presence.ts';
import { listRuns } from '../data/run-calls.ts';
import { navigate, runPath } from '../navigation.ts';
import { isAdmin } from '../own-session.ts';
import { Glyph } from '../parts/glyph.tsx';
import { hostWords } from '../parts/host-state.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { When } from '../parts/when.tsx';
import { places } from '../routes.ts';
import { t } from '../translate.ts';
import { placeOn } from '../viewed-host.ts';
import { bestMatches } from './palette-matches.ts';
import './palette.css';

/** Runs that can be gone to, newest first. */
const RUNS = '30';
/** Things shown at a time. */
const MOST = 12;

interface Target {
  id: string;
  label: string;
  href: string;
  sign: ComponentChildren;
  aside: ComponentChildren;
}

/** Goes to an action, a page or a run by a few letters of its name. Nothing is started here: the action's page has its key. */
export function Palette({ onClose }: { onClose: () => void }) {
  const text = useSignal('');
  /** What is chosen, by its id: runs that come late change its place only. */
  const at = useSignal<string | null>(null);
  const runs = useSignal<Run[]>([]);
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  // With a finger, too: whoever opens it is about to type.
  useLayoutEffect(() => field.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    const abort = new AbortController();
    listRuns({ limit: RUNS }, abort.signal)
      .then(({ items }) => {
        runs.value = items;
      })
      // Without runs the rest is there.
      .catch(() => undefined);
    return () => abort.abort();
  }, []);

  const shown = bestMatches(text.value, targets(runs.value), ({ label }) => label).slice(0, MOST);
  const chosen = shown.find(({ id }) => id === at.value) ?? shown[0];

  function go(target: Target | undefined): void {
    if (target === undefined) return;
    onClose();
    navigate(target.href);
  }
  function move(by: number): void {
    const place = ((chosen === undefined ? 0 : shown.indexOf(chosen)) + by + shown.length) % Math.max(1, shown.length);
    at.value = shown[place]?.id ?? null;
    list.current?.children[place]?.scrollIntoView({ block: 'nearest' });
  }

  return (
    <Sheet title={t('Go to')} onClose={onClose}>
      <input
        ref={field}
        class="input"
        type="search"
        aria-label={t('An action, a page or a run')}
        aria-controls="palette-list"
        aria-activedescendant={chosen === undefined ? undefined : `palette-${chosen.id}`}
        placeholder={t('An action, a page or a run')}
        autocomplete="off"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          at.value = null;
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') move(1);
          else if (event.key === 'ArrowUp') move(-1);
          else if (event.key === 'Enter') go(chosen);
          // The first press closes it: a browser would only empty the field.
          else if (event.key === 'Escape') onClose();
          else return;
          event.preventDefault();
        }}
      />
      <div id="palette-list" class="palette" role="listbox" aria-label={t('Found')} ref={list}>
        {shown.map((target) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above moves through the list and opens what is chosen.
          <div
            key={target.id}
            id={`palette-${target.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={target === chosen}
            class={target === chosen ? 'palette-here' : ''}
            onPointerMove={() => {
              at.value = target.id;
            }}
            onClick={() => go(target)}
          >
            <span class="palette-sign">{target.sign}</span>
            <span class="cut" dir="auto">
              {target.label}
            </span>
            <span class="palette-aside small muted">{target.aside}</span>
          </div>
        ))}
      </div>
      {shown.length === 0 && <p class="muted">{t('Nothing here has “{text}” in its name.', { text: text.value })}</p>}
    </Sheet>
  );
}

function targets(runs: readonly Run[]): Target[] {
  const known = (actions.value ?? []).map((action) => ({
    id: `action-${action.id}`,
    label: action.label,
    href: `/a/${encodeURIComponent(action.id)}`,
    sign: <Glyph name={action.icon} size={20} />,
    aside: action.last_run === null ? t('action') : <StateMark run={action.last_run} />,
  }));
  const pages = places.flatMap(({ path, nav, admin }) => {
    if (nav === undefined || (admin === true && !isAdmin.value)) return [];
    const Icon = nav.icon;
    return [
      { id: `page-${path.slice(1)}`, label: t(nav.label), href: path, sign: <Icon size={20} aria-hidden="true" />, aside: t('page') },
    ];
  });
  // Another host is a page of its own.
  const others = hosts.value.length < 2 ? [] : hosts.value.filter((one) => one !== host.value);
  const elsewhere = others.map((one) => ({
    id: `host-${one.id}`,
    label: one.name,
    href: placeOn(one.home ? null : one.id, '/'),
    sign: <Server size={20} aria-hidden="true" />,
    aside: hostWords(one),
  }));
  const past = runs.map((run) => ({
    id: `run-${run.task_id}`,
    label: run.label,
    href: runPath(run.task_id),
    sign: <StateMark run={run} bare />,
    aside: <When at={run.created_at} narrow />,
  }));
  return [...known, ...elsewhere, ...pages, ...past];
}
