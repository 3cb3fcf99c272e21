import { useSignal } from '@preact/signals';
import { ArrowLeft, ArrowRight, GripVertical, Pencil } from 'lucide-preact';
import { useRef } from 'preact/hooks';
import { sentence } from '../../api.ts';
import { actions, reorderActions } from '../../data/known-actions.ts';
import type { AnyAction } from '../../guards.ts';
import { Button } from '../../parts/button.tsx';
import { say, toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { Seal } from './tile.tsx';
import { moved } from './tile-order.ts';
import './arrange.css';

/** The tiles, to be put in order: dragged by their grip, or moved with buttons and arrow keys. And the way to each one's editor. */
export function Arrange() {
  const order = useSignal<readonly string[]>((actions.value ?? []).map((action) => action.id));
  const dragged = useSignal<string | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const byId = new Map((actions.value ?? []).map((action) => [action.id, action]));

  function move(id: string, to: number): void {
    order.value = moved(order.value, id, to);
  }
  function save(): void {
    reorderActions(order.value).catch((error: unknown) => {
      order.value = (actions.value ?? []).map((action) => action.id);
      toast(sentence(error), 'bad');
    });
  }
  function step(action: AnyAction, by: number): void {
    const to = order.value.indexOf(action.id) + by;
    if (to < 0 || to >= order.value.length) return;
    move(action.id, to);
    say(t('{label}: place {to} of {count}', { label: action.label, to: to + 1, count: order.value.length }));
    save();
  }
  /** The place under the pointer; the dragged tile goes there at once, and the others make room. */
  function dragOver(event: PointerEvent): void {
    if (dragged.value === null) return;
    const under = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-id]');
    const id = under?.dataset['id'];
    if (id === undefined || id === dragged.value || !list.current?.contains(under ?? null)) return;
    move(dragged.value, order.value.indexOf(id));
  }

  return (
    <>
      <p class="muted small">{t('Drag a tile by its grip, or use the arrows. The order is the same for everyone.')}</p>
      <ul class="tiles arrange" ref={list}>
        {order.value.flatMap((id, place) => {
          const action = byId.get(id);
          if (action === undefined) return [];
          return (
            <li
              key={id}
              data-id={id}
              data-color={action.color}
              class={`tile arrange-tile${dragged.value === id ? ' arrange-dragged' : ''}`}
            >
              <div class="arrange-top">
                <Seal icon={action.icon} color={action.color} ring="none" />
                <button
                  type="button"
                  class="arrange-grip"
                  aria-label={t('Move {label}; place {place} of {count}', {
                    label: action.label,
                    place: place + 1,
                    count: order.value.length,
                  })}
                  onPointerDown={(event) => {
                    event.currentTarget.setPointerCapture(event.pointerId);
                    dragged.value = id;
                  }}
                  onPointerMove={dragOver}
                  onLostPointerCapture={() => {
                    if (dragged.value === null) return;
                    dragged.value = null;
                    save();
                  }}
                  onKeyDown={(event) => {
                    const by =
                      event.key === 'ArrowLeft' || event.key === 'ArrowUp'
                        ? -1
                        : event.key === 'ArrowRight' || event.key === 'ArrowDown'
                          ? 1
                          : 0;
                    if (by === 0) return;
                    event.preventDefault();
                    step(action, by);
                  }}
                >
                  <GripVertical size={22} aria-hidden="true" />
                </button>
              </div>
              <span class="tile-label">{action.label}</span>
              <div class="arrange-acts">
                <Button
                  kind="ghost"
                  aria-label={t('Move {label} back', { label: action.label })}
                  disabled={place === 0}
                  icon={<ArrowLeft size={18} />}
                  onClick={() => step(action, -1)}
                />
                <Button
                  kind="ghost"
                  aria-label={t('Move {label} on', { label: action.label })}
                  disabled={place === order.value.length - 1}
                  icon={<ArrowRight size={18} />}
                  onClick={() => step(action, 1)}
                />
                <a
                  class="btn btn-ghost btn-square end"
                  href={`/actions/${encodeURIComponent(id)}/edit`}
                  aria-label={t('Edit {label}', { label: action.label })}
                >
                  <Pencil size={18} aria-hidden="true" />
                </a>
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}
