import { computed, signal, useSignal } from '@preact/signals';
import { ChevronDown } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import { lazy } from 'preact-iso';
import { actions, homeCards } from '../../data/known-actions.ts';
import { outcome } from '../../data/run-calls.ts';
import type { AnyAction } from '../../guards.ts';
import { bound } from '../../parts/bound.ts';
import { Glyph } from '../../parts/glyph.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { readJson } from '../../read-json.ts';
import { recall, remember } from '../../theme.ts';
import { t } from '../../translate.ts';
import { DensityChoice, density } from './density.tsx';
import { press, starting } from './press.ts';
import { firstOf, recentOf, sectionsOf } from './sections.ts';
import { Tile } from './tile.tsx';

const PlacedCard = lazy(() => import('./plugin-cards.tsx').then((part) => part.PlacedCard));

/** From so many tiles on, a filter helps, … */
const FILTER_FROM = 9;
/** … and the way to those that were used last. */
const RECENT_FROM = 12;
const RECENT = 6;

/** So many tiles are drawn first: what a phone shows … */
const FIRST = 8;
/** … and then so many at a time, in the order in which they stand: as many as a phone draws within 50 ms. */
const AT_ONCE = 2;
/** How many may be drawn by now. Once they were, they are. */
const drawn = signal(FIRST);
/** The first of them stand on the page. */
const begun = signal(false);
/** Do all of them? Whoever waits for that is not drawn again with each tile. */
export const allDrawn = computed(() => begun.value && drawn.value >= (actions.value?.length ?? 0));

/** Arrow keys between tiles: they come behind the first paint. */
let moveInGrid: ((event: KeyboardEvent) => void) | null = null;

/** Every action as a key to press: favourites and groups under their headings, or what the filter leaves. */
export function Tiles() {
  const filter = useSignal('');
  const focused = useSignal<string | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const list = actions.value ?? [];
  const wanted = filter.value.trim().toLocaleLowerCase();
  const shown = wanted === '' ? list : list.filter((action) => textOf(action).includes(wanted));
  const sections = firstOf(sectionsOf(shown), drawn.value);
  const focus = useCallback((id: string): void => {
    focused.value = id;
  }, []);
  useEffect(() => {
    begun.value = true;
    if (drawn.value >= list.length) return undefined;
    // A task of its own: a press between two of them is answered.
    const timer = setTimeout(() => {
      drawn.value += AT_ONCE;
    });
    return () => clearTimeout(timer);
  }, [drawn.value, list.length]);
  useEffect(() => {
    import('./grid-keys.ts').then(
      (keys) => {
        moveInGrid = keys.moveInGrid;
      },
      () => undefined,
    );
  }, []);
  const isAll = allDrawn.value;
  /** Their room is there with the first tiles, so that no tile moves when they come. */
  const cardsBefore = (id: string | null) =>
    homeCards.value.map(
      ({ plugin, size, before }) =>
        before === id &&
        wanted === '' && (
          <li key={plugin} class="tile-card" data-size={size}>
            {isAll && <PlacedCard id={plugin} />}
          </li>
        ),
    );
  const tabbable = shown.some((action) => action.id === focused.value) ? focused.value : sections[0]?.actions[0]?.id;

  return (
    <>
      {list.length > 1 && (
        <div class="actions-tools">
          {(list.length >= FILTER_FROM || wanted !== '') && (
            <search>
              <SearchBox
                label={t('Filter the actions')}
                placeholder={t('Filter')}
                {...bound(filter)}
                onEnter={() => grid.current?.querySelector<HTMLElement>('.tile-press')?.focus()}
              />
            </search>
          )}
          <DensityChoice />
        </div>
      )}
      {list.length >= RECENT_FROM && wanted === '' && <Recent />}
      {shown.length === 0 && <p class="muted">{t('No action has “{filter}” in its name.', { filter: filter.value })}</p>}
      <div class="tile-sections" ref={grid} data-density={density.value}>
        {sections.map(({ id, title, actions: tiles }, i) => (
          <Group key={id} id={id} title={title} open={wanted !== ''}>
            <ul class="tiles" aria-label={title === '' ? t('Actions') : title} onKeyDown={(event) => moveInGrid?.(event)}>
              {tiles.flatMap((action) => [
                ...cardsBefore(action.id),
                <Tile
                  key={action.id}
                  action={action}
                  tabbable={action.id === tabbable}
                  starting={starting.value.has(action.id)}
                  onPress={press}
                  onFocus={focus}
                />,
              ])}
              {isAll && i === sections.length - 1 && cardsBefore(null)}
            </ul>
          </Group>
        ))}
      </div>
    </>
  );
}

function textOf({ label, description, group, last_run }: AnyAction): string {
  return `${label} ${description} ${group ?? ''} ${last_run === null ? '' : outcome(last_run).word}`.toLocaleLowerCase();
}

const KEY = 'toru.closed-groups';

/** A heading that folds what is below it; this browser remembers it. */
function Group(props: { id: string; title: string; open: boolean; children: ComponentChildren }) {
  const closed = useSignal(closedGroups().includes(props.id));
  if (props.title === '') return <>{props.children}</>;
  const isOpen = props.open || !closed.value;
  return (
    <section class="tile-section">
      <h2>
        <button
          type="button"
          class="tile-fold"
          aria-expanded={isOpen}
          onClick={() => {
            closed.value = !closed.value;
            const others = closedGroups().filter((id) => id !== props.id);
            remember(KEY, JSON.stringify(closed.value ? [...others, props.id] : others));
          }}
        >
          <ChevronDown size={18} aria-hidden="true" />
          <span dir="auto">{props.title}</span>
        </button>
      </h2>
      {isOpen && props.children}
    </section>
  );
}

function closedGroups(): string[] {
  const kept = readJson(recall(KEY) ?? '[]');
  return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [];
}

/** Those that the person used last, as they were when the page was opened: nothing changes places under a finger. */
function Recent() {
  const ids = useMemo(() => recentOf(actions.peek() ?? [], RECENT).map(({ id }) => id), []);
  const shown = ids.flatMap((id) => actions.value?.find((action) => action.id === id) ?? []);
  if (shown.length < 2) return null;
  return (
    <ul class="recent" aria-label={t('Used last')}>
      {shown.map((action) => (
        <li key={action.id}>
          <button type="button" class="recent-press" data-acts="run" data-color={action.color} onClick={() => press(action)}>
            <span class="recent-sign">
              <Glyph name={action.icon} size={16} />
            </span>
            <span class="cut" dir="auto">
              {action.label}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
