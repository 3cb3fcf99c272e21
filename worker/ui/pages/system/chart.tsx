import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../../theme.ts';
import { timeOfDay } from '../../time.ts';
import './chart.css';
import type { Timeline } from './samples.ts';

export interface ChartProps {
  /** Read out in place of the picture. */
  label: string;
  timeline: Timeline;
  /** How much time it shows, in seconds. */
  window_s: number;
  series: readonly { tone: string; of: (sample: NonNullable<Timeline['samples'][number]>) => number }[];
  /** The top of the scale, which begins at 0. */
  top: number;
  format: (value: number) => string;
  /** Which point of the timeline is pointed at, in whichever chart. */
  onPoint: (index: number | null) => void;
}

const HEIGHT = 148;

/** Lines over the last minutes, or the last day. The colours are those of the page, also after it changes between light and dark. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const scheme = theme.value;

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(optionsFor(element, latest), dataOf(props), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: Math.max(120, element.clientWidth), height: HEIGHT }));
    observer.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const redraw = (): void => made.redraw(false);
    dark.addEventListener('change', redraw);
    return () => {
      dark.removeEventListener('change', redraw);
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData(dataOf(props)), [props.timeline, props.top]);
  useEffect(() => plot.current?.redraw(false), [scheme]);

  return <div ref={place} class="chart" role="img" aria-label={props.label} />;
}

function dataOf({ timeline, series }: ChartProps): uPlot.AlignedData {
  return [timeline.times, ...series.map(({ of }) => timeline.samples.map((sample) => (sample === null ? null : of(sample))))];
}

function optionsFor(element: HTMLElement, latest: { current: ChartProps }): uPlot.Options {
  // The canvas does not know the page's custom properties: an element does, and tells what they come to.
  const probe = element.appendChild(document.createElement('i'));
  probe.hidden = true;
  const colour = (css: string): string => {
    probe.style.color = css;
    return getComputedStyle(probe).color;
  };
  const line = (): string => colour('var(--line)');
  const ink = (): string => colour('var(--ink-2)');
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(120, element.clientWidth),
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, sync: { key: 'system' }, points: { size: 7 } },
    scales: {
      x: { range: (_plot, _min, max) => [max - latest.current.window_s, max] },
      y: { range: () => [0, latest.current.top] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 6,
        incrs: [60, 120, 3600, 3 * 3600, 6 * 3600, 12 * 3600],
        space: 56,
        values: (plot, times) => times.map((time) => (plot.valToPos(time, 'x') > plot.over.clientWidth - 22 ? '' : timeOfDay(time * 1000))),
      },
      { ...axis, size: 66, gap: 8, space: 38, values: (_plot, values) => values.map((value) => latest.current.format(value)) },
    ],
    series: [
      {},
      ...latest.current.series.map(({ tone }) => ({
        stroke: () => colour(`var(${tone})`),
        fill: () => colour(`color-mix(in srgb, var(${tone}) 13%, transparent)`),
        width: 1.75,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(plot) => latest.current.onPoint(plot.cursor.idx ?? null)] },
  };
}
