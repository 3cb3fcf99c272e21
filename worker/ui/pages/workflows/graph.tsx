import { useSignal } from '@preact/signals';
import { Maximize, ZoomIn, ZoomOut } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { t } from '../../translate.ts';
import './graph.css';
import { IconButton } from '../../parts/icon-button.tsx';
import { neighbour } from './graph-keys.ts';
import { outcomeOf, type Stateful } from './job-words.ts';
import { BOX, type GraphStep, layOut, pathOf } from './layout.ts';
import { JobMark } from './state-mark.tsx';

/** A step as the graph shows it. */
export interface GraphNode extends GraphStep {
  title: string;
  /** Absent where nothing has run. */
  state?: Stateful;
  /** A few words below the title. */
  more: ComponentChildren;
}

const ZOOM = { least: 0.2, most: 2, step: 1.25 };
/** By itself a graph is shown as large as it is, or smaller down to what can still be read. */
const FIT = 1;
const READABLE = 0.7;
/** Around the steps, in px: room for the ring of what has the focus. */
const MARGIN = 16;
/** Below them, for the buttons. */
const TOOLS = 44;

/**
 * The steps and what each waits for. Moved by scrolling, or by drawing its ground; made larger and smaller by buttons, keys, a wheel
 * with Ctrl, two fingers. One stop for Tab; arrow keys go along the edges, Enter opens a step.
 */
export function Graph(props: { steps: readonly GraphNode[]; chosen: string | null; onChoose: (step: string) => void }) {
  const shape = props.steps.map(({ name, depends_on }) => `${name}<${depends_on.join()}`).join(' ');
  const layout = useMemo(() => layOut(props.steps), [shape]);
  const view = useRef<HTMLDivElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  /** Null: as large as fits. */
  const zoom = useSignal<number | null>(null);
  const fits = useSignal(FIT);
  const scale = zoom.value ?? fits.value;
  const at = useSignal<string | null>(null);
  const nodes = new Map(props.steps.map((step) => [step.name, step]));
  const here = [at.value, props.chosen].find((name) => name !== null && nodes.has(name)) ?? props.steps[0]?.name;

  useEffect(() => {
    const element = view.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      // A long chain is scrolled rather than shrunk to what nobody reads.
      fits.value = Math.max(READABLE, Math.min((element.clientWidth - 2 * MARGIN) / layout.width, FIT));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [layout]);

  useEffect(() => {
    const element = view.current;
    const step = sheet.current?.querySelector('[aria-current]');
    if (element === null || step == null) return;
    const [box, room] = [step.getBoundingClientRect(), element.getBoundingClientRect()];
    const past = (from: number, to: number, low: number, high: number): number =>
      Math.max(0, to - high + MARGIN) + Math.min(0, from - low - MARGIN);
    element.scrollBy(past(box.left, box.right, room.left, room.right), past(box.top, box.bottom, room.top, room.bottom));
  }, [props.chosen, layout, scale]);

  function setZoom(to: number | null): void {
    zoom.value = to === null ? null : Math.min(ZOOM.most, Math.max(ZOOM.least, to));
  }
  const larger = (by: number): void => setZoom((zoom.peek() ?? fits.peek()) * by);
  useGestures(view, larger);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') larger(ZOOM.step);
    else if (event.key === '-') larger(1 / ZOOM.step);
    else if (event.key === '0') setZoom(null);
    else {
      const leftwards = view.current !== null && getComputedStyle(view.current).direction === 'rtl';
      const next = here === undefined ? null : neighbour(layout, here, event.key, leftwards);
      if (next === null) return;
      at.value = next;
      const element = sheet.current?.querySelector<HTMLElement>(`[data-step="${CSS.escape(next)}"]`);
      element?.focus({ preventScroll: true });
      element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
    event.preventDefault();
  }

  return (
    <div class="graph">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: its steps have the focus, one after the other. */}
      <div ref={view} class="graph-view" style={{ blockSize: `${layout.height * scale + 2 * MARGIN + TOOLS}px` }} onKeyDown={onKeyDown}>
        <div
          class="graph-room"
          style={{ inlineSize: `${layout.width * scale + 2 * MARGIN}px`, blockSize: `${layout.height * scale + 2 * MARGIN}px` }}
        >
          <div
            ref={sheet}
            class="graph-sheet"
            style={{ transform: `scale(${scale})`, inlineSize: `${layout.width}px`, blockSize: `${layout.height}px` }}
          >
            <svg class="graph-edges" width={layout.width} height={layout.height} aria-hidden="true">
              {layout.edges.map(({ from, to, points }) => (
                <path key={`${from} ${to}`} d={pathOf(points)} data-state={edgeState(nodes.get(from), nodes.get(to))} />
              ))}
            </svg>
            <ul class="graph-steps" aria-label={t('Steps')}>
              {layout.steps.map(({ name, x, y }) => {
                const node = nodes.get(name);
                return node === undefined ? null : (
                  <li
                    key={name}
                    style={{
                      insetInlineStart: `${x}px`,
                      insetBlockStart: `${y}px`,
                      inlineSize: `${BOX.width}px`,
                      blockSize: `${BOX.height}px`,
                    }}
                  >
                    <button
                      type="button"
                      class="graph-step"
                      data-step={name}
                      data-tone={toneOf(node)}
                      tabIndex={name === here ? 0 : -1}
                      aria-current={name === props.chosen ? 'true' : undefined}
                      onFocus={() => {
                        at.value = name;
                      }}
                      onClick={() => props.onChoose(name)}
                    >
                      <span class="graph-step-title">
                        {node.state !== undefined && <JobMark of={node.state} bare />}
                        <span class="cut" dir="auto">
                          {node.title}
                        </span>
                      </span>
                      <span class="graph-step-more cut">{node.more}</span>
                      {node.depends_on.length > 0 && <span class="hush"> {t('after {steps}', { steps: node.depends_on.join(', ') })}</span>}
                    </button>
                  </li>
                );
              })}
            </ul>
          </div>
        </div>
      </div>
      <div class="graph-tools">
        <IconButton label={t('Smaller')} icon={<ZoomOut size={18} />} onClick={() => larger(1 / ZOOM.step)} />
        <IconButton label={t('Larger')} icon={<ZoomIn size={18} />} onClick={() => larger(ZOOM.step)} />
        <IconButton label={t('As large as fits')} icon={<Maximize size={18} />} onClick={() => setZoom(null)} />
      </div>
    </div>
  );
}

function toneOf(node: GraphNode | undefined): string {
  return node?.state === undefined ? 'none' : outcomeOf(node.state).tone;
}

function edgeState(from: GraphNode | undefined, to: GraphNode | undefined): string {
  if (toneOf(to) === 'live') return 'live';
  return toneOf(from) === 'ok' && !['none', 'quiet'].includes(toneOf(to)) ? 'done' : 'idle';
}

/** A mouse draws the ground, a wheel with Ctrl and two fingers change the size. One finger scrolls, as everywhere. */
function useGestures(view: { current: HTMLElement | null }, larger: (by: number) => void): void {
  const latest = useRef(larger);
  latest.current = larger;
  useLayoutEffect(() => {
    const element = view.current;
    if (element === null) return undefined;
    const fingers = new Map<number, PointerEvent>();
    const apart = (): number => {
      const [a, b] = [...fingers.values()];
      return a === undefined || b === undefined ? 0 : Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    };
    const down = (event: PointerEvent): void => {
      const onStep = event.target instanceof Element && event.target.closest('button') !== null;
      if (event.pointerType === 'touch' || (event.button === 0 && !onStep)) fingers.set(event.pointerId, event);
      if (event.pointerType !== 'touch' && fingers.size > 0) element.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent): void => {
      const before = fingers.get(event.pointerId);
      if (before === undefined) return;
      const was = apart();
      fingers.set(event.pointerId, event);
      if (event.pointerType === 'touch') {
        if (was > 0 && apart() > 0) latest.current(apart() / was);
      } else element.scrollBy(before.clientX - event.clientX, before.clientY - event.clientY);
    };
    const up = (event: PointerEvent): void => void fingers.delete(event.pointerId);
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      latest.current(Math.exp(-event.deltaY / 300));
    };
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
      element.removeEventListener('wheel', wheel);
    };
  }, []);
}
