import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PluginLogLine } from '../../../../shared/plugins.ts';
import { sentence } from '../../api.ts';
import { connection } from '../../connection.ts';
import { readPluginLog } from '../../data/plugins.ts';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Section } from '../../parts/section.tsx';

/** Lines that the page keeps; the file on the host has more. */
const KEPT = 1000;
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

/** What a plugin says and prints, as it comes. It stays at the end unless somebody reads further up. */
export function PluginLog({ id }: { id: string }) {
  const lines = useSignal<readonly PluginLogLine[] | null>(null);
  const problem = useSignal<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    const left = new AbortController();
    const early: PluginLogLine[] = [];
    const add = (more: readonly PluginLogLine[]): void => {
      lines.value = [...(lines.peek() ?? []), ...more].slice(-KEPT);
    };
    // First listen, then read: what comes in between is put behind what was read, once.
    const stop = connection.onPluginLog(id, (more) => (lines.peek() === null ? early.push(...more) : add(more)));
    readPluginLog(id, left.signal).then(
      (read) => {
        const newest = read.at(-1)?.timestamp ?? '';
        lines.value = read;
        add(early.filter(({ timestamp }) => timestamp > newest));
      },
      (error: unknown) => {
        if (!left.signal.aborted) problem.value = sentence(error);
      },
    );
    return () => {
      stop();
      left.abort();
    };
  }, [id]);

  useEffect(() => {
    if (atEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.value]);

  return (
    <Section title="Log" help={<code>toru plugin logs -f {id}</code>} flush>
      {problem.value !== null && <Problem message={problem.value} />}
      {lines.value === null && problem.value === null && <Loading what="the log" rows={3} />}
      {lines.value !== null && (
        <div
          ref={box}
          class="plugin-log"
          role="log"
          aria-label="Log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
          tabIndex={0}
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
            atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
          }}
        >
          {lines.value.length === 0 && <span class="muted">It has said nothing yet.</span>}
          {lines.value.map((line) => (
            <div key={`${line.timestamp} ${line.message}`} class={`plugin-log-line plugin-log-${line.level}`}>
              <time dateTime={line.timestamp}>{CLOCK.format(Date.parse(line.timestamp))}</time>
              <span>{line.error === undefined ? line.message : `${line.message}: ${line.error}`}</span>
            </div>
          ))}
        </div>
      )}
    </Section>
  );
}
