import { useSignal } from '@preact/signals';
import { ArrowLeft, ArrowRight, GripVertical, Pencil } from 'lucide-preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { HomeCard, TileSize } from '../../../../shared/actions.ts';
import type { PluginSummary } from '../../../../shared/plugins.ts';
import { sentence } from '../../api.ts';
import { arrangeActions } from '../../data/change-actions.ts';
import { actions, homeCards, loadActions } from '../../data/known-actions.ts';
import { listPlugins } from '../../data/known-plugins.ts';
import { useResource } from '../../data/resource.ts';
import { Button } from '../../parts/button.tsx';
import { say, toast } from '../../toasts.ts';
import { msg, t } from '../../translate.ts';
import { hasCard } from './plugin-cards.tsx';
import { Seal } from './tile.tsx';
import { moved, placed } from './tile-order.ts';
import './arrange.css';

const SIZES = [
  ['normal', msg('Normal')],
  ['wide', msg('Wide')],
  ['large', msg('Large')],
] as const satisfies readonly (readonly [TileSize, string])[];
/** Where a plugin's card stands that nobody has placed. */
const BELOW = msg('Below the tiles');

/** Keys that move a tile: by how much, where a line goes this way (1: to the right). */
const STEPS: Readonly<Record<string, (way: 1 | -1) => 1 | -1>> = {
  ArrowUp: () => -1,
  ArrowDown: () => 1,
  ArrowLeft: (way) => (way === 1 ? -1 : 1),
  ArrowRight: (way) => way,
};

/** A finger or pointer so near to the upper or lower edge of the window scrolls the page along, in px, … */
const EDGE = 88;
/** … by so much a move. */
const SCROLL = 14;

/** What is placed: an action's tile, or a plugin's card, which stands below all of them while its size is null. */
interface Placeable {
  id: string;
  label: string;
  icon: string;
  color: string;
  size: TileSize | null;
  /** Of the plugin whose card it is; null for an action. */
  plugin: string | null;
  /** Where it is changed. */
  href: string;
}

/** The tiles as they stand, with the cards of plugins among them and those below at the end. */
function placeables(plugins: readonly PluginSummary[]): Placeable[] {
  const list = actions.value ?? [];
  const cards = plugins.filter(hasCard);
  const cardOf = (id: string, size: TileSize | null): Placeable[] => {
    const plugin = cards.find((one) => one.id === id);
    if (plugin === undefined) return [];
    return [{ id: `card ${id}`, label: plugin.name, icon: plugin.icon, color: 'slate', size, plugin: id, href: `/plugins/${id}/manage` }];
  };
  const shown = homeCards.value.flatMap(({ plugin, position, size }) => cardOf(plugin, size).map((card) => ({ card, position })));
  const between = (from: number, to: number): Placeable[] =>
    shown.filter(({ position }) => position > from && position <= to).map(({ card }) => card);
  return [
    ...list.flatMap(({ id, label, icon, color, position, size = 'normal' }, i): Placeable[] => [
      ...between(list[i - 1]?.position ?? -1, position),
      { id, label, icon, color, size, plugin: null, href: `/actions/${encodeURIComponent(id)}/edit` },
    ]),
    ...between(list.at(-1)?.position ?? -1, Number.POSITIVE_INFINITY),
    ...cards.filter(({ id }) => !homeCards.value.some(({ plugin }) => plugin === id)).flatMap(({ id }) => cardOf(id, null)),
  ];
}

/** The tiles and the cards of plugins, to be placed and sized: dragged by their grip, or with buttons and arrow keys. And the way to each one's editor. */
export function Arrange() {
  const plugins = useResource(listPlugins);
  /** The order that is being made, until it is let go of; the actions themselves come and go meanwhile. */
  const wanted = useSignal<readonly string[]>([]);
  const dragged = useSignal<string | null>(null);
  const list = useRef<HTMLUListElement>(null);
  /** The tile that made room last. With tiles of different sizes it may lie under the pointer still. */
  const passed = useRef<string | null>(null);
  /** What a step was made with: it keeps the focus, wherever its tile goes. */
  const held = useRef<HTMLElement | null>(null);
  const byId = new Map(placeables(plugins.data ?? []).map((one) => [one.id, one]));
  const order = placed(wanted.value, [...byId.keys()]);

  // Another admin may have arranged them since.
  useEffect(() => void loadActions(), []);
  useLayoutEffect(() => {
    const by = held.current;
    held.current = null;
    if (by === null || (by === document.activeElement && !by.matches(':disabled'))) return;
    // At either end the button that led there has no more to do.
    (by.matches(':disabled') ? by.closest('li')?.querySelector<HTMLElement>('.arrange-grip') : by)?.focus();
  });

  function move(id: string, to: number): void {
    wanted.value = moved(order, id, to);
  }
  /** From here on the tiles themselves are in this order: what another admin does meanwhile shows. @param sizes that change, by id. */
  function save(sizes: Readonly<Record<string, TileSize | null>> = {}): void {
    const there = placed(wanted.value, [...byId.keys()]).flatMap((id) => byId.get(id) ?? []);
    const ids: string[] = [];
    const cards: HomeCard[] = [];
    const resized: Record<string, TileSize> = {};
    for (const { id, plugin, size } of there) {
      const chosen = sizes[id];
      if (plugin === null) {
        ids.push(id);
        if (chosen != null) resized[id] = chosen;
        continue;
      }
      const now = chosen === undefined ? size : chosen;
      if (now !== null) cards.push({ plugin, position: ids.length, size: now });
    }
    // What is not known of plugins is left as it is.
    const saved = arrangeActions(ids, resized, plugins.data === null ? null : cards);
    wanted.value = [];
    saved.catch((error: unknown) => toast(sentence(error), 'bad'));
  }
  /** A card from below takes a place among the tiles with its first move. */
  function saveMove(id: string): void {
    save(byId.get(id)?.size === null ? { [id]: 'normal' } : {});
  }
  function step(action: Placeable, by: number): void {
    const to = order.indexOf(action.id) + by;
    if (to < 0 || to >= order.length) return;
    held.current = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    move(action.id, to);
    say(t('{label}: place {to} of {count}', { label: action.label, to: to + 1, count: order.length }));
    saveMove(action.id);
  }
  /** The place under the pointer; the dragged tile goes there at once, and the others make room. */
  function dragOver(event: PointerEvent): void {
    if (dragged.value === null) return;
    if (event.clientY < EDGE) scrollBy(0, -SCROLL);
    else if (event.clientY > innerHeight - EDGE) scrollBy(0, SCROLL);
    const under = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-id]');
    const id = under?.dataset['id'];
    if (id === undefined || !list.current?.contains(under ?? null)) return;
    if (id === dragged.value) passed.current = null;
    else if (id !== passed.current) {
      passed.current = id;
      move(dragged.value, order.indexOf(id));
    }
  }

  return (
    <div class="arrange-place">
      <p class="muted small">{t('Drag a tile by its grip, or use the arrows; choose how large it is. It is the same for everyone.')}</p>
      <ul class="tiles arrange" ref={list}>
        {order.flatMap((id, place) => {
          const action = byId.get(id);
          if (action === undefined) return [];
          return (
            <li
              key={id}
              data-id={id}
              data-color={action.color}
              data-size={action.size}
              class={`tile arrange-tile${dragged.value === id ? ' arrange-dragged' : ''}${action.size === null ? ' arrange-below' : ''}`}
            >
              <div class="arrange-top">
                <Seal icon={action.icon} color={action.color} ring="none" />
                <button
                  type="button"
                  class="arrange-grip"
                  aria-label={t('Move {label}; place {place} of {count}', {
                    label: action.label,
                    place: place + 1,
                    count: order.length,
                  })}
                  onPointerDown={(event) => {
                    event.currentTarget.setPointerCapture(event.pointerId);
                    passed.current = null;
                    dragged.value = id;
                  }}
                  onPointerMove={dragOver}
                  onLostPointerCapture={() => {
                    if (dragged.value === null) return;
                    dragged.value = null;
                    if (wanted.value.length > 0) saveMove(id);
                  }}
                  onKeyDown={(event) => {
                    const by = STEPS[event.key]?.(document.dir === 'rtl' ? -1 : 1) ?? 0;
                    if (by === 0) return;
                    event.preventDefault();
                    step(action, by);
                  }}
                >
                  <GripVertical size={22} aria-hidden="true" />
                </button>
              </div>
              <span class="tile-label" dir="auto">
                {action.label}
              </span>
              <div class="arrange-acts">
                <Button
                  kind="ghost"
                  aria-label={t('Move {label} earlier', { label: action.label })}
                  disabled={place === 0}
                  icon={<ArrowLeft size={18} />}
                  onClick={() => step(action, -1)}
                />
                <Button
                  kind="ghost"
                  aria-label={t('Move {label} later', { label: action.label })}
                  disabled={place === order.length - 1}
                  icon={<ArrowRight size={18} />}
                  onClick={() => step(action, 1)}
                />
                <a class="btn btn-ghost btn-square end" href={action.href} aria-label={t('Edit {label}', { label: action.label })}>
                  <Pencil size={18} aria-hidden="true" />
                </a>
              </div>
              <select
                class="select arrange-size"
                aria-label={t('Size of {label}', { label: action.label })}
                value={action.size ?? ''}
                onChange={(event) => {
                  const { value } = event.currentTarget;
                  const [size, label] = SIZES.find(([known]) => known === value) ?? [null, BELOW];
                  say(`${action.label}: ${t(label)}`);
                  save({ [id]: size });
                }}
              >
                {action.plugin !== null && <option value="">{t(BELOW)}</option>}
                {SIZES.map(([value, label]) => (
                  <option key={value} value={value}>
                    {t(label)}
                  </option>
                ))}
              </select>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
