import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import {
  ArrowDownToLine,
  ArrowUpToLine,
  Braces,
  Clock,
  Copy,
  Download,
  Ellipsis,
  FoldVertical,
  Hash,
  Link,
  Maximize2,
  Minimize2,
  Search,
  WrapText,
  X,
} from 'lucide-preact';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ToruError } from '../../../shared/errors.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { Run } from '../../../shared/runs.ts';
import { sentence } from '../api.ts';
import { secondHand } from '../clock.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { late } from '../parts/late.tsx';
import { recall, remember } from '../theme.ts';
import { bytes, clockTime } from '../time.ts';
import { toast } from '../toasts.ts';
import { linesInHash } from './line-links.ts';
import type { LogPlace } from './viewer.ts';
import { LogViewer } from './viewer.ts';
import './log-view.css';

const Finder = late(async () => (await import('./finder.tsx')).Finder);
const GoToLine = late(async () => (await import('./go-to-line.tsx')).GoToLine);

const WRAP_KEY = 'toru.wrap';
const TIMES_KEY = 'toru.times';
/** Output that did not come for so long is said to be quiet. */
const QUIET_MS = 10_000;
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
  const scroller = useRef<HTMLElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const viewer = useSignal<LogViewer | null>(null);
  const wrap = useSignal(recall(WRAP_KEY) === null ? matchMedia('(width < 56rem)').matches : recall(WRAP_KEY) === 'on');
  const times = useSignal(recall(TIMES_KEY) === 'on');
  const tool = useSignal<'find' | 'line' | null>(null);
  const more = useSignal(false);
  /** All of the output is selected, also what is not loaded. */
  const all = useSignal(false);
  const json = useSignal<VNode | null>(null);
  /** The lines that were chosen by their numbers. */
  const chosen = useSignal<readonly [number, number] | null>(linesInHash());

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
  }, [props.run.task_id]);

  useEffect(() => {
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

  function choose(lines: readonly [number, number] | null): void {
    chosen.value = lines;
    viewer.peek()?.mark(lines);
    const hash = lines === null ? '' : lines[0] === lines[1] ? `#L${lines[0]}` : `#L${lines[0]}-L${lines[1]}`;
    history.replaceState(history.state, '', `${location.pathname}${location.search}${hash}`);
  }
  function toggle(of: typeof wrap, key: string, then: (on: boolean) => void): void {
    of.value = !of.value;
    remember(key, of.value ? 'on' : 'off');
    then(of.value);
  }
  /** Copies lines by their numbers, or all of the output: as the host has them, loaded or not. */
  async function copy(lines: readonly [number, number] | null): Promise<void> {
    const taskId = props.run.task_id;
    try {
      const { placeOfLines, textOf } = await import('./copying.ts');
      const end = viewer.peek()?.size.peek() ?? 0;
      const place = lines === null ? { from: 0, to: end } : await placeOfLines(taskId, lines);
      const text = await textOf(taskId, place.from, place.to ?? end);
      await navigator.clipboard.writeText(text);
      toast(lines === null ? `All of the output was copied: ${bytes(place.to ?? end)}.` : 'The lines were copied.', 'ok');
    } catch (error) {
      toast(error instanceof ToruError ? error.message : 'The browser did not allow copying. Download it instead.', 'bad');
    }
  }
  async function showJson(lines: readonly [number, number]): Promise<void> {
    try {
      const [{ placeOfLines, textOf }, { JsonSheet }] = await Promise.all([import('./copying.ts'), import('./json-sheet.tsx')]);
      const { from, to } = await placeOfLines(props.run.task_id, lines);
      const text = await textOf(props.run.task_id, from, to ?? viewer.peek()?.size.peek() ?? from);
      const title = lines[0] === lines[1] ? `Line ${lines[0]}` : `Lines ${lines[0]} to ${lines[1]}`;
      json.value = <JsonSheet title={title} text={text} onClose={() => (json.value = null)} />;
    } catch (error) {
      toast(sentence(error), 'bad');
    }
  }
  function open(which: 'find' | 'line'): void {
    more.value = false;
    tool.value = which;
  }
  function shut(): void {
    tool.value = null;
    viewer.peek()?.mark(chosen.peek());
    scroller.current?.focus();
  }

  const shown = viewer.value;
  return (
    <div class="log">
      <div class="log-tools" role="toolbar" aria-label="Tools for the output">
        {tool.value === 'find' && shown !== null ? (
          <Finder run={props.run} viewer={shown} onClose={shut} />
        ) : tool.value === 'line' && shown !== null ? (
          <GoToLine
            onGo={(line) => {
              choose([line, line]);
              void shown.goTo({ lines: [line, line] });
            }}
            onClose={shut}
          />
        ) : (
          <>
            {shown === null ? <span class="log-size" /> : <Size run={props.run} viewer={shown} />}
            <Button
              kind="ghost"
              small
              aria-label="Find in the output"
              title="Find (Ctrl F)"
              icon={<Search size={18} />}
              onClick={() => open('find')}
            />
            <Button
              kind="ghost"
              small
              aria-label="To the beginning"
              title="To the beginning (Home)"
              icon={<ArrowUpToLine size={18} />}
              onClick={() => void shown?.toBeginning()}
            />
            <Button
              kind="ghost"
              small
              aria-label="Wrap long lines"
              title="Wrap long lines"
              aria-pressed={wrap.value}
              icon={<WrapText size={18} />}
              onClick={() => toggle(wrap, WRAP_KEY, (on) => shown?.setWrap(on))}
            />
            <Button
              kind="ghost"
              small
              aria-label={props.full ? 'Leave the full window' : 'Fill the window'}
              title={props.full ? 'Leave the full window (Esc)' : 'Fill the window'}
              icon={props.full ? <Minimize2 size={18} /> : <Maximize2 size={18} />}
              onClick={() => props.onFull(!props.full)}
            />
            <Button
              kind="ghost"
              small
              aria-label="More tools"
              aria-expanded={more.value}
              icon={<Ellipsis size={18} />}
              onClick={() => {
                more.value = !more.value;
              }}
            />
          </>
        )}
        {more.value && tool.value === null && (
          <fieldset class="log-more" aria-label="More tools">
            <Button kind="ghost" small icon={<Hash size={18} />} title="Go to a line (Ctrl G)" onClick={() => open('line')}>
              Go to line
            </Button>
            <Button
              kind="ghost"
              small
              aria-pressed={times.value}
              icon={<Clock size={18} />}
              onClick={() => toggle(times, TIMES_KEY, (on) => shown?.setTimes(on))}
            >
              Times
            </Button>
            {(['stdout', 'stderr'] as const).map((stream) => (
              <Button
                key={stream}
                class={`log-stream log-stream-${stream}`}
                kind="ghost"
                small
                aria-pressed={shown?.shown.value.stream === stream}
                onClick={() => shown?.only(shown.shown.peek().stream === stream ? 'all' : stream)}
              >
                Only {stream}
              </Button>
            ))}
            {shown?.shown.value.grouped === true && (
              <Button kind="ghost" small icon={<FoldVertical size={18} />} onClick={() => shown.foldAll(!shown.shown.peek().folded)}>
                {shown.shown.value.folded ? 'Unfold all' : 'Fold all'}
              </Button>
            )}
            <Button kind="ghost" small icon={<Copy size={18} />} title="Copy all of it (Ctrl A, Ctrl C)" onClick={() => void copy(null)}>
              Copy all
            </Button>
            <a class="btn btn-ghost btn-small" href={`/api/runs/${props.run.task_id}/output`} download={`${props.run.task_id}.log`}>
              <Download size={18} aria-hidden="true" />
              <span>Download all</span>
            </a>
          </fieldset>
        )}
      </div>
      {shown !== null && <Going viewer={shown} />}
      <section
        ref={scroller}
        class={`log-scroll${wrap.value ? ' log-wrap' : ''}${all.value ? ' log-all' : ''}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label="Output"
        onKeyDown={(event) => {
          const command = event.ctrlKey || event.metaKey;
          if (event.key === 'End') shown?.toEnd();
          else if (event.key === 'Home') void shown?.toBeginning();
          else if (event.key === 'f' && command) open('find');
          else if (event.key === 'g' && command) open('line');
          else if (event.key === 'a' && command) all.value = true;
          else if (event.key === 'c' && command && all.peek()) void copy(null);
          else if (event.key === 'Escape' && all.peek()) all.value = false;
          else if (event.key === 'Escape' && props.full) props.onFull(false);
          else return;
          event.preventDefault();
        }}
        onClick={(event) => {
          all.value = false;
          const line = lineBeside(event, shown);
          if (line === null) {
            turnGroup(event, shown);
            return;
          }
          const before = chosen.peek();
          choose(event.shiftKey && before !== null ? [Math.min(before[0], line), Math.max(before[1], line)] : [line, line]);
        }}
      >
        {shown !== null && <Empty run={props.run} viewer={shown} />}
        <div ref={sheet} class="log-sheet" />
      </section>
      {shown !== null && <Bar viewer={shown} />}
      {shown !== null && (
        <Below
          viewer={shown}
          all={all.value}
          chosen={chosen.value}
          onCopy={copy}
          onJson={(lines) => void showJson(lines)}
          onClear={() => {
            all.value = false;
            choose(null);
          }}
        />
      )}
      {json.value}
    </div>
  );
}

/** The number of the line in whose margin somebody pressed. */
function lineBeside(event: MouseEvent, viewer: LogViewer | null): number | null {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-margin]') : null;
  if (row === null || viewer === null || row.dataset['margin'] === '') return null;
  const { left } = row.parentElement?.parentElement?.getBoundingClientRect() ?? row.getBoundingClientRect();
  if (event.clientX - left > Number.parseFloat(getComputedStyle(row).paddingInlineStart)) return null;
  const line = viewer.lines.find(({ id }) => String(id) === row.dataset['id']);
  return line === undefined ? null : viewer.numberOf(line);
}

/** A press on the first line of a group folds it, or unfolds it; one that selects text does not. */
function turnGroup(event: MouseEvent, viewer: LogViewer | null): void {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('.log-line-group') : null;
  if (row === null || viewer === null || document.getSelection()?.isCollapsed === false) return;
  const line = viewer.lines.find(({ id }) => String(id) === row.dataset['id']);
  if (line !== undefined) viewer.turn(line);
}

/** How much there is, and for how long nothing more came. A part of its own: output comes at every frame, and only this is drawn for it. */
function Size({ run, viewer }: { run: Run; viewer: LogViewer }) {
  const { disk_bytes: onDisk } = run;
  const size = Math.max(run.output_bytes, viewer.size.value);
  const packed = onDisk !== null && onDisk !== undefined && onDisk < size && run.ended_at !== null;
  return (
    <span class="log-size">
      {size === 0 ? '' : packed ? `${bytes(size)}, ${bytes(onDisk)} on disk` : bytes(size)}
      {!isFinal(run.state) && <Quiet viewer={viewer} />}
    </span>
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
      aria-label="Progress"
      max={100}
      {...(state === 'busy' ? {} : { value: percent })}
      title={state === 'busy' ? 'At work' : `${percent} %${state === 'going' ? '' : `, ${state}`}`}
    />
  );
}

function Quiet({ viewer }: { viewer: LogViewer }) {
  const { value: at } = viewer.cameAt;
  const still = at === null ? 0 : secondHand.value - at;
  return still < QUIET_MS ? null : <>, quiet for {clockTime(still)}</>;
}

function Empty({ run, viewer }: { run: Run; viewer: LogViewer }) {
  const empty = useComputed(() => viewer.part.value.end === 0 && viewer.size.value === 0);
  return empty.value ? <p class="log-quiet">{run.ended_at === null ? 'No output yet.' : 'It printed nothing.'}</p> : null;
}

/** Where in the whole one is, and the way to anywhere else. */
function Bar({ viewer }: { viewer: LogViewer }) {
  const { start, end } = viewer.part.value;
  const size = viewer.size.value;
  const moving = useSignal<number | null>(null);
  if (size - (end - start) < BAR_BYTES) return null;
  const { cursor, line } = viewer.top.value;
  const value = moving.value ?? (viewer.follow.value.following ? 1000 : Math.round((cursor / size) * 1000));
  return (
    <label class="log-bar">
      <span class="hush">Place in the output</span>
      <input
        type="range"
        min={0}
        max={1000}
        value={value}
        aria-valuetext={line === null ? `${Math.round(value / 10)} %` : `line ${line}, ${Math.round(value / 10)} %`}
        onInput={(event) => {
          moving.value = event.currentTarget.valueAsNumber;
        }}
        onChange={(event) => {
          const to = event.currentTarget.valueAsNumber;
          moving.value = null;
          if (to >= 1000) viewer.toEnd();
          else void viewer.goTo({ cursor: Math.floor((to / 1000) * size) }, false);
        }}
      />
    </label>
  );
}

/** The way to the end, while one is elsewhere, and what can be done with chosen lines, or with all. */
function Below(props: {
  viewer: LogViewer;
  all: boolean;
  chosen: readonly [number, number] | null;
  onCopy: (lines: readonly [number, number] | null) => Promise<void>;
  onJson: (lines: readonly [number, number]) => void;
  onClear: () => void;
}) {
  const { viewer, all, chosen } = props;
  const { following, unseen } = viewer.follow.value;
  const { stream } = viewer.shown.value;
  const stalled = viewer.stalled.value;
  if (following && chosen === null && !all && !stalled) return null;
  return (
    <div class="log-below">
      {stalled && (
        <button type="button" class="log-pill" onClick={() => viewer.readOn()}>
          No {stream} in what was read · look further
        </button>
      )}
      {(all || chosen !== null) && (
        <div class="log-chosen">
          {all ? <span>All, {bytes(viewer.size.value)}</span> : <Lines of={chosen} />}
          <Button kind="ghost" small icon={<Copy size={16} />} onClick={() => void props.onCopy(all ? null : chosen)}>
            Copy
          </Button>
          {!all && chosen !== null && (
            <>
              <CopyButton label="Copy the link" icon={<Link size={16} />} text={() => location.href} />
              <Button
                kind="ghost"
                small
                aria-label="Show as JSON"
                title="Show as JSON"
                icon={<Braces size={16} />}
                onClick={() => props.onJson(chosen)}
              />
            </>
          )}
          <Button kind="ghost" small aria-label="Choose no line" icon={<X size={18} />} onClick={props.onClear} />
        </div>
      )}
      {!following && (
        <button type="button" class="log-pill" onClick={() => viewer.toEnd()}>
          <ArrowDownToLine size={16} aria-hidden="true" />
          {unseen > 0 ? `${unseen.toLocaleString()} new ${unseen === 1 ? 'line' : 'lines'} · jump to end` : 'Jump to end'}
        </button>
      )}
    </div>
  );
}

function Lines({ of }: { of: readonly [number, number] | null }) {
  if (of === null) return null;
  return <span>{of[0] === of[1] ? `Line ${of[0]}` : `Lines ${of[0]} to ${of[1]}`}</span>;
}
