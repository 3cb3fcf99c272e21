import { useSignal } from '@preact/signals';
import { Pencil, Plus } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { lazy } from 'preact-iso';
import { actions, actionsProblem, loadActions } from '../data/known-actions.ts';
import { host } from '../data/presence.ts';
import { isAdmin } from '../own-session.ts';
import { bound } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Problem } from '../parts/empty.tsx';
import { glyphSet } from '../parts/glyph.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { moveInGrid } from './actions/grid-keys.ts';
import { asking, press, starting } from './actions/press.ts';
import { menuOf, Tile } from './actions/tile.tsx';
import './actions.css';

const Arrange = lazy(async () => (await import('./actions/arrange.tsx')).Arrange);
const PendingList = lazy(async () => (await import('./actions/pending-list.tsx')).PendingList);
/** Behind the first paint: most hosts have none. */
const PluginCards = lazy(async () => (await import('./actions/plugin-cards.tsx')).PluginCards);
const TileMenu = lazy(async () => (await import('./actions/tile-menu.tsx')).TileMenu);
const PressSheet = lazy(async () => (await import('./actions/press-sheet.tsx')).PressSheet);

/** From so many tiles on, a filter helps. */
const FILTER_FROM = 9;

/** The home: every action as a key to press. */
export function ActionsPage() {
  const arranging = useSignal(false);
  const list = actions.value;
  useEffect(() => {
    // Behind the first paint: what the first press may need.
    const timer = setTimeout(() => {
      glyphSet();
      for (const part of [PressSheet, TileMenu, Arrange, PendingList, PluginCards]) part.preload().catch(() => undefined);
    }, 600);
    return () => clearTimeout(timer);
  }, []);

  return (
    <div class="wide actions">
      <PageHead title="Actions">
        {isAdmin.value && list !== null && list.length > 0 && (
          <>
            <Button
              icon={<Pencil size={18} aria-hidden="true" />}
              aria-pressed={arranging.value}
              onClick={() => {
                arranging.value = !arranging.value;
              }}
            >
              {arranging.value ? 'Done' : 'Arrange'}
            </Button>
            <ButtonLink href="/actions/new" icon={<Plus size={18} aria-hidden="true" />}>
              New action
            </ButtonLink>
          </>
        )}
      </PageHead>
      {actionsProblem.value !== null && (
        <Problem message={actionsProblem.value} action={<Button onClick={() => void loadActions()}>Try again</Button>} />
      )}
      {(host.value?.pending_runs.length ?? 0) > 0 && <PendingList />}
      {list === null ? (
        actionsProblem.value === null && <Ghosts />
      ) : list.length === 0 ? (
        <Nothing />
      ) : arranging.value ? (
        <Arrange />
      ) : (
        <Tiles />
      )}
      {list !== null && !arranging.value && <PluginCards />}
      {menuOf.value !== null && <TileMenu action={menuOf.value} />}
      {asking.value !== null && <PressSheet key={asking.value.action.id} question={asking.value} />}
    </div>
  );
}

function Tiles() {
  const filter = useSignal('');
  const focused = useSignal<string | null>(null);
  const grid = useRef<HTMLUListElement>(null);
  const list = actions.value ?? [];
  const wanted = filter.value.trim().toLocaleLowerCase();
  const shown =
    wanted === '' ? list : list.filter((action) => `${action.label} ${action.description}`.toLocaleLowerCase().includes(wanted));
  const tabbable = shown.some((action) => action.id === focused.value) ? focused.value : shown[0]?.id;

  return (
    <>
      {list.length >= FILTER_FROM && (
        <search>
          <SearchBox
            label="Filter the actions"
            placeholder="Filter"
            {...bound(filter)}
            onEnter={() => grid.current?.querySelector<HTMLElement>('.tile-press')?.focus()}
          />
        </search>
      )}
      {shown.length === 0 && <p class="muted">No action has “{filter.value}” in its name.</p>}
      <ul class="tiles" ref={grid} aria-label="Actions" onKeyDown={moveInGrid}>
        {shown.map((action) => (
          <Tile
            key={action.id}
            action={action}
            tabbable={action.id === tabbable}
            starting={starting.value.has(action.id)}
            onPress={() => press(action)}
            onFocus={() => {
              focused.value = action.id;
            }}
          />
        ))}
      </ul>
    </>
  );
}

function Nothing() {
  if (!isAdmin.value) return <Empty title="Nothing shared with you yet">When an admin lets you use an action, it appears here.</Empty>;
  return (
    <Empty
      title="Make your first action"
      action={
        <ButtonLink kind="primary" href="/actions/new" icon={<Plus size={18} aria-hidden="true" />}>
          New action
        </ButtonLink>
      }
    >
      An action is a key that runs one of your scripts: with a name, a colour, and whatever it should ask first.
    </Empty>
  );
}

function Ghosts() {
  return (
    <div class="tiles" role="status">
      <span class="hush">Reading the actions…</span>
      {Array.from({ length: 6 }, (_, i) => (
        <div key={i} class="ghost" />
      ))}
    </div>
  );
}
