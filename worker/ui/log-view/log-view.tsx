import type { ReadonlySignal } from '@preact/signals';
import { useSignal } from '@preact/signals';
import { ArrowDownToLine, ChevronDown, ChevronUp, Download, Search, WrapText, X } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Run } from '../../../shared/runs.ts';
import { sentence } from '../api.ts';
import { connection } from '../connection/page-connection.ts';
import { setTo } from '../parts/bound.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { recall, remember } from '../theme.ts';
import { bytes } from '../time.ts';
import { toast } from '../toasts.ts';
import { readEarlier } from './earlier.ts';
import { findLines } from './find.ts';
import { LineBuffer } from './line-buffer.ts';
import { joinLines } from './selection.ts';
import { Surface } from './surface.ts';
import './log-view.css';

/** Of a long output, the last part is read first: the end is what people look at. */
const FIRST_READ = 512 * 1024;
const WRAP_KEY = 'toru.wrap';

/** A run's output, live. `onChanged` is called when the run began, ended, or failed: its details are read again then. */
export function LogView(props: { run: Run; onChanged: () => void }) {
  const { task_id: taskId } = props.run;
  const scroller = useRef<HTMLElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const surface = useRef<Surface | null>(null);
  const buffer = useRef(new LineBuffer());
  const follow = useSignal({ following: true, unseen: 0 });
  const wrap = useSignal(recall(WRAP_KEY) === null ? matchMedia('(width < 56rem)').matches : recall(WRAP_KEY) === 'on');
  const start = useSignal(0);
  const end = useSignal(0);
  const quiet = useSignal(true);
  const loading = useSignal(false);
  const finding = useSignal(false);

  useEffect(() => {
    if (scroller.current === null || sheet.current === null) return;
    const lines = buffer.current;
    const drawn = new Surface(scroller.current, sheet.current, lines, wrap.peek(), {
      follow: (following, unseen) => {
        if (follow.peek().following !== following || follow.peek().unseen !== unseen) follow.value = { following, unseen };
      },
    });
    surface.current = drawn;
    const from = Math.max(0, props.run.output_bytes - FIRST_READ);
    let partial = from > 0;
    lines.reset(from);
    start.value = from;
    end.value = 0;

    function grown(): void {
      if (partial && lines.lines.length > 1) {
        lines.dropPartialFirst();
        partial = false;
      }
      // A reader further up keeps twice as much: what is read must not vanish under the eyes.
      lines.trim(drawn.following ? 1 : 2);
      if (start.peek() !== lines.start) start.value = lines.start;
      end.value = lines.end;
      if (quiet.peek() === !lines.empty) quiet.value = lines.empty;
      drawn.changed();
    }

    const detach = connection.attach(taskId, from, (event) => {
      switch (event.kind) {
        case 'attached':
          // Somewhere else than where we stopped: what we have is not the beginning of what comes.
          if (event.cursor !== lines.end) {
            lines.reset(event.cursor);
            partial = event.cursor > 0;
            grown();
          }
          return;
        case 'output':
          lines.append(event.stream, event.text, event.from, event.to);
          grown();
          return;
        case 'gap':
          lines.gap(event.from, event.to);
          grown();
          return;
        case 'ended':
          lines.finish();
          grown();
          props.onChanged();
          return;
        case 'failed':
          toast(event.message, 'bad');
          return;
        case 'replaced':
          return;
      }
    });
    return () => {
      detach();
      drawn.close();
      surface.current = null;
    };
  }, [taskId]);

  async function loadEarlier(): Promise<void> {
    loading.value = true;
    try {
      const { lines, start: at } = await readEarlier(taskId, buffer.current.start);
      buffer.current.prepend(lines, at);
      start.value = at;
      surface.current?.changed();
    } catch (error) {
      toast(sentence(error), 'bad');
    } finally {
      loading.value = false;
    }
  }

  function toggleWrap(): void {
    wrap.value = !wrap.value;
    remember(WRAP_KEY, wrap.value ? 'on' : 'off');
    surface.current?.setWrap(wrap.value);
  }

  const { following, unseen } = follow.value;
  return (
    <div class="log">
      <div class="log-tools" role="toolbar" aria-label="Tools for the output">
        <Size run={props.run} end={end} />
        {finding.value ? (
          <Finder
            lines={() => buffer.current.lines}
            show={(id) => surface.current?.show(id)}
            onClose={() => {
              finding.value = false;
              surface.current?.unmark();
              scroller.current?.focus();
            }}
          />
        ) : (
          <Button
            kind="ghost"
            small
            aria-label="Find in the output"
            title="Find"
            icon={<Search size={18} />}
            onClick={setTo(finding, true)}
          />
        )}
        <Button
          kind="ghost"
          small
          aria-label="Wrap long lines"
          title="Wrap long lines"
          aria-pressed={wrap.value}
          icon={<WrapText size={18} />}
          onClick={toggleWrap}
        />
        <CopyButton label="Copy the output" text={() => joinLines(buffer.current.lines)} />
        <a
          class="btn btn-ghost btn-small btn-square"
          href={`/api/runs/${taskId}/output`}
          download={`${taskId}.log`}
          aria-label="Download the whole output"
          title="Download"
        >
          <Download size={18} aria-hidden="true" />
        </a>
      </div>
      <section
        ref={scroller}
        class={`log-scroll${wrap.value ? ' log-wrap' : ''}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label="Output"
        onKeyDown={(event) => {
          if (event.key === 'End') surface.current?.toEnd();
          else if (event.key === 'f' && (event.ctrlKey || event.metaKey)) finding.value = true;
          else return;
          event.preventDefault();
        }}
      >
        {start.value > 0 && (
          <div class="log-earlier">
            <Button small busy={loading.value} onClick={() => void loadEarlier()}>
              Show earlier output
            </Button>
            <span class="small">{bytes(start.value)} before this</span>
          </div>
        )}
        {quiet.value && <p class="log-quiet">{props.run.ended_at === null ? 'No output yet.' : 'It printed nothing.'}</p>}
        <div ref={sheet} class="log-sheet" />
      </section>
      {!following && (
        <button type="button" class="log-pill" onClick={() => surface.current?.toEnd()}>
          <ArrowDownToLine size={16} aria-hidden="true" />
          {unseen > 0 ? `${unseen.toLocaleString()} new ${unseen === 1 ? 'line' : 'lines'} · jump to end` : 'Jump to end'}
        </button>
      )}
    </div>
  );
}

/** A part of its own: output comes at every frame, and only this is drawn for it. @param props.end how far the output has come here. */
function Size(props: { run: Run; end: ReadonlySignal<number> }) {
  const { output_bytes: known, disk_bytes: onDisk } = props.run;
  const size = Math.max(known, props.end.value);
  const packed = onDisk !== null && onDisk !== undefined && onDisk < size && props.run.ended_at !== null;
  return <span class="log-size">{size === 0 ? '' : packed ? `${bytes(size)}, ${bytes(onDisk)} on disk` : bytes(size)}</span>;
}

function Finder(props: { lines: () => Parameters<typeof findLines>[0]; show: (id: number) => void; onClose: () => void }) {
  const wanted = useSignal('');
  const found = useSignal<number[]>([]);
  const at = useSignal(0);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  function go(to: number): void {
    const count = found.value.length;
    if (count === 0) return;
    at.value = (to + count) % count;
    const id = found.value[at.value];
    if (id !== undefined) props.show(id);
  }
  function search(text: string): void {
    wanted.value = text;
    found.value = findLines(props.lines(), text);
    // The newest first: what people look for is mostly near the end.
    go(found.value.length - 1);
  }

  return (
    <search class="log-find">
      <input
        ref={field}
        class="input"
        type="search"
        aria-label="Find in the output"
        value={wanted.value}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(at.value + (event.shiftKey ? -1 : 1));
          else if (event.key === 'Escape') props.onClose();
          else return;
          event.preventDefault();
        }}
      />
      <output class="small muted">
        {wanted.value === '' ? '' : found.value.length === 0 ? 'none' : `${at.value + 1} of ${found.value.length}`}
      </output>
      <Button kind="ghost" small aria-label="Previous" icon={<ChevronUp size={18} />} onClick={() => go(at.value - 1)} />
      <Button kind="ghost" small aria-label="Next" icon={<ChevronDown size={18} />} onClick={() => go(at.value + 1)} />
      <Button kind="ghost" small aria-label="Close the search" icon={<X size={18} />} onClick={props.onClose} />
    </search>
  );
}
