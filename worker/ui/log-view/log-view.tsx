import { type Signal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Run } from '../../../shared/runs.ts';
import { sentence } from '../api.ts';
import { late } from '../parts/late.tsx';
import { recall, remember } from '../theme.ts';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { Below } from './below.tsx';
import { hashOf, type LineRange, linesInHash } from './line-links.ts';
import { lineBeside, turnGroup } from './row-presses.ts';
import { type OpenTool, Toolbar } from './toolbar.tsx';
import type { LogPlace } from './viewer.ts';
import { LogViewer } from './viewer.ts';
import './log-view.css';

const PlaceBar = late(() => import('./place-bar.tsx').then((part) => part.PlaceBar));

const WRAP_KEY = 'toru.wrap';
const TIMES_KEY = 'toru.times';
/** Where so much less than the whole is loaded, a bar shows where one is. */
const BAR_BYTES = 64 * 1024;

/**
 * A run's output. @param props.place where it opens, marked; null at its end, which it follows. @param props.full it has the window
 * for itself. @param props.onProgress hears how far the run says it is, in percent. @param props.onOpened gets the viewer, and null when it closes. @param props.onChanged is called when the run began, ended, or failed: its details are read again then.
 */
export function LogView(props: {
  run: Run;
  place: LogPlace | null;
  full: boolean;
  onFull: (full: boolean) => void;
  onProgress: (percent: number | null) => void;
  onOpened: (viewer: LogViewer | null) => void;
  onChanged: () => void;
}) {
  const task = props.run.task_id;
  const scroller = useRef<HTMLElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const viewer = useSignal<LogViewer | null>(null);
  const wrap = useSignal(recall(WRAP_KEY) === null ? matchMedia('(width < 56rem)').matches : recall(WRAP_KEY) === 'on');
  const times = useSignal(recall(TIMES_KEY) === 'on');
  const tool = useSignal<OpenTool>(null);
  /** All of the output is selected, also what is not loaded. */
  const all = useSignal(false);
  /** The lines that were chosen by their numbers. */
  const chosen = useSignal<LineRange | null>(linesInHash());

  useEffect(() => {
    if (scroller.current === null || sheet.current === null) return;
    const opened = new LogViewer(props.run, scroller.current, sheet.current, wrap.peek(), props.place, props.onChanged);
    opened.setTimes(times.peek());
    viewer.value = opened;
    props.onOpened(opened);
    return () => {
      props.onOpened(null);
      opened.close();
    };
  }, [task]);

  useLayoutEffect(() => {
    // An address of other lines of this log, which somebody typed or followed.
    const follow = (): void => {
      const lines = linesInHash();
      chosen.value = lines;
      if (lines !== null) void viewer.peek()?.goTo({ lines });
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);

  useSignalEffect(() => {
    const progress = viewer.value?.progress.value ?? null;
    props.onProgress(progress?.state === 'going' ? progress.percent : null);
  });

  function choose(lines: LineRange | null): void {
    chosen.value = lines;
    viewer.peek()?.mark(lines);
    history.replaceState(history.state, '', `${location.pathname}${location.search}${hashOf(lines)}`);
  }
  function toggle(of: Signal<boolean>, key: string, then: (on: boolean) => void): void {
    of.value = !of.value;
    remember(key, of.value ? 'on' : 'off');
    then(of.value);
  }
  function copyAll(): void {
    import('./chosen-lines.tsx')
      .then(({ copyLines }) => copyLines(task, 'all', viewer.peek()?.size.peek() ?? 0))
      .catch((error: unknown) => toast(sentence(error), 'bad'));
  }
  function shut(): void {
    tool.value = null;
    viewer.peek()?.mark(chosen.peek());
    scroller.current?.focus();
  }
  function onKeyDown(event: KeyboardEvent): void {
    const command = event.ctrlKey || event.metaKey;
    if (event.key === 'End') viewer.peek()?.toEnd();
    else if (event.key === 'Home') void viewer.peek()?.toBeginning();
    else if (event.key === 'f' && command) tool.value = 'find';
    else if (event.key === 'g' && command) tool.value = 'line';
    else if (event.key === 'a' && command) all.value = true;
    else if (event.key === 'c' && command && all.peek()) copyAll();
    else if (event.key === 'Escape' && all.peek()) all.value = false;
    else if (event.key === 'Escape' && props.full) props.onFull(false);
    else return;
    event.preventDefault();
  }
  function onClick(event: MouseEvent): void {
    all.value = false;
    const opened = viewer.peek();
    if (opened === null) return;
    const line = lineBeside(event, opened);
    if (line === null) {
      turnGroup(event, opened);
      return;
    }
    const before = chosen.peek();
    choose(event.shiftKey && before !== null ? [Math.min(before[0], line), Math.max(before[1], line)] : [line, line]);
  }

  const shown = viewer.value;
  return (
    <div class="log">
      <Toolbar
        run={props.run}
        viewer={shown}
        tool={tool}
        wrap={wrap.value}
        times={times.value}
        full={props.full}
        onWrap={() => toggle(wrap, WRAP_KEY, (on) => shown?.setWrap(on))}
        onTimes={() => toggle(times, TIMES_KEY, (on) => shown?.setTimes(on))}
        onFull={() => props.onFull(!props.full)}
        onLine={(line) => {
          choose([line, line]);
          void shown?.goTo({ lines: [line, line] });
        }}
        onCopyAll={copyAll}
        onShut={shut}
      />
      {shown !== null && <Going viewer={shown} />}
      <section
        ref={scroller}
        dir="ltr"
        class={`log-scroll${wrap.value ? ' log-wrap' : ''}${all.value ? ' log-all' : ''}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label={t('Output')}
        onKeyDown={onKeyDown}
        onClick={onClick}
      >
        {shown !== null && <Empty run={props.run} viewer={shown} />}
        <div ref={sheet} class="log-sheet" />
      </section>
      {shown !== null && <Bar viewer={shown} />}
      {shown !== null && (
        <Below
          task={task}
          viewer={shown}
          all={all.value}
          chosen={chosen.value}
          onClear={() => {
            all.value = false;
            choose(null);
          }}
        />
      )}
    </div>
  );
}

/** How far the run says it is. */
function Going({ viewer }: { viewer: LogViewer }) {
  const progress = viewer.progress.value;
  if (progress === null) return null;
  const { state, percent } = progress;
  return (
    <progress
      class={`log-progress log-progress-${state}`}
      aria-label={t('Progress')}
      max={100}
      {...(state === 'busy' ? {} : { value: percent })}
      title={
        state === 'busy'
          ? t('At work')
          : `${percent} %${state === 'failed' ? `, ${t('failed')}` : state === 'paused' ? `, ${t('paused')}` : ''}`
      }
    />
  );
}

function Empty({ run, viewer }: { run: Run; viewer: LogViewer }) {
  const empty = useComputed(() => viewer.part.value.end === 0 && viewer.size.value === 0);
  return empty.value ? <p class="log-quiet">{run.ended_at === null ? t('No output yet.') : t('It printed nothing.')}</p> : null;
}

function Bar({ viewer }: { viewer: LogViewer }) {
  const partial = useComputed(() => viewer.size.value - (viewer.part.value.end - viewer.part.value.start) >= BAR_BYTES);
  return partial.value ? <PlaceBar viewer={viewer} /> : null;
}
