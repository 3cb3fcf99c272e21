import { useSignal } from '@preact/signals';
import { ArrowDownToLine } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Run } from '../../../shared/runs.ts';
import { sentence } from '../api.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { recall } from '../theme.ts';
import { bytes } from '../time.ts';
import { toast } from '../toasts.ts';
import { EARLIER_BYTES, readEarlier, readInto } from './earlier.ts';
import { LineBuffer } from './line-buffer.ts';
import { Surface } from './surface.ts';
import './log-view.css';

/**
 * A run's output around one place, which is marked: where a search leads. It does not follow what comes: a log of any
 * size opens at once, and what is read on is read when the reader asks for it.
 */
export function LogAt(props: { run: Run; at: number }) {
  const { task_id: taskId, output_bytes: size } = props.run;
  const scroller = useRef<HTMLElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const surface = useRef<Surface | null>(null);
  const buffer = useRef(new LineBuffer());
  const shown = useSignal<{ start: number; end: number } | null>(null);
  const problem = useSignal<string | null>(null);
  const reading = useSignal(false);

  async function open(): Promise<void> {
    const before = Math.min(size, props.at + EARLIER_BYTES / 2);
    const { lines, start } = await readEarlier(taskId, before);
    buffer.current = lines;
    finish();
    if (scroller.current === null || sheet.current === null) return;
    const wrap = scroller.current.classList.contains('log-wrap');
    const drawn = new Surface(scroller.current, sheet.current, lines, wrap, { follow: () => undefined }, false);
    surface.current = drawn;
    shown.value = { start, end: lines.end };
    const line = lines.lines.findLast((one) => one.from <= props.at);
    if (line !== undefined) drawn.show(line.id);
  }

  useEffect(() => {
    open().catch((error: unknown) => {
      problem.value = sentence(error);
    });
    return () => surface.current?.close();
  }, []);

  /** At the end of a run that is over, no more comes. */
  function finish(): void {
    if (props.run.ended_at !== null && buffer.current.end >= size) buffer.current.finish();
  }

  async function read(more: () => Promise<void>): Promise<void> {
    reading.value = true;
    try {
      await more();
      surface.current?.changed();
    } catch (error) {
      toast(sentence(error), 'bad');
    } finally {
      reading.value = false;
    }
  }

  async function earlier(start: number): Promise<void> {
    const { lines, start: at } = await readEarlier(taskId, start);
    buffer.current.prepend(lines, at);
    shown.value = { start: at, end: buffer.current.end };
  }

  async function later(start: number): Promise<void> {
    await readInto(buffer.current, taskId, buffer.current.end + EARLIER_BYTES);
    finish();
    shown.value = { start, end: buffer.current.end };
  }

  const part = shown.value;
  const wrap = recall('toru.wrap') === null ? matchMedia('(width < 56rem)').matches : recall('toru.wrap') === 'on';
  return (
    <div class="log">
      <div class="log-tools" role="toolbar" aria-label="Tools for the output">
        <span class="log-size">
          {part === null ? '' : `${bytes(part.start)} to ${bytes(part.end)} of ${bytes(Math.max(size, part.end))}`}
        </span>
        <ButtonLink href={`/runs/${taskId}`} kind="ghost" small icon={<ArrowDownToLine size={18} aria-hidden="true" />}>
          To the end
        </ButtonLink>
      </div>
      <section
        ref={scroller}
        class={`log-scroll${wrap ? ' log-wrap' : ''}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label="Output"
      >
        {problem.value !== null && <Problem message={problem.value} />}
        {part === null && problem.value === null && <Loading what="the output" />}
        {part !== null && part.start > 0 && (
          <div class="log-earlier">
            <Button small busy={reading.value} onClick={() => void read(() => earlier(part.start))}>
              Show earlier output
            </Button>
            <span class="small">{bytes(part.start)} before this</span>
          </div>
        )}
        <div ref={sheet} class="log-sheet" />
        {part !== null && part.end < size && (
          <div class="log-earlier">
            <Button small busy={reading.value} onClick={() => void read(() => later(part.start))}>
              Show later output
            </Button>
            <span class="small">{bytes(size - part.end)} after this</span>
          </div>
        )}
      </section>
    </div>
  );
}
