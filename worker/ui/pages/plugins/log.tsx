import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PluginLogLine } from '../../../../shared/plugins.ts';
import { sentence } from '../../api.ts';
import { connection } from '../../connection/page-connection.ts';
import { oneAtATime } from '../../data/at-once.ts';
import { readPluginLog } from '../../data/known-plugins.ts';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Section } from '../../parts/section.tsx';
import { timeToSecond } from '../../time.ts';
import { t } from '../../translate.ts';
import { joined, KEPT } from './joined-lines.ts';

/** The log of a plugin, as it comes. The view stays at the end unless somebody reads further up. */
export function PluginLog({ id }: { id: string }) {
  const lines = useSignal<readonly PluginLogLine[] | null>(null);
  const problem = useSignal<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    const left = new AbortController();
    /** Lines that came while an answer was on its way. */
    let meanwhile: PluginLogLine[] = [];
    const read = oneAtATime(async () => {
      meanwhile = [];
      try {
        const kept = await readPluginLog(id, left.signal);
        lines.value = joined(lines.peek() ?? [], kept, meanwhile);
        problem.value = null;
      } catch (error) {
        if (!left.signal.aborted) problem.value = sentence(error);
      }
    });
    const stop = connection.onPluginLog(
      id,
      (more) => {
        meanwhile = [...meanwhile, ...more].slice(-KEPT);
        if (lines.peek() !== null) lines.value = [...(lines.peek() ?? []), ...more].slice(-KEPT);
      },
      () => void read(),
    );
    void read();
    return () => {
      stop();
      left.abort();
    };
  }, [id]);

  useEffect(() => {
    if (atEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.value]);

  return (
    <Section title={t('Log')} help={<code>{`toru plugin logs -f ${id}`}</code>} flush>
      {problem.value !== null && <Problem message={problem.value} />}
      {lines.value === null && problem.value === null && <Loading what={t('the log')} rows={3} />}
      {lines.value !== null && (
        <div
          ref={box}
          class="plugin-log"
          role="log"
          aria-label={t('Log')}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
          tabIndex={0}
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
            atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
          }}
        >
          {lines.value.length === 0 && <span class="muted">{t('It has said nothing yet.')}</span>}
          {lines.value.map((line) => (
            <div key={`${line.timestamp} ${line.message}`} class={`plugin-log-line plugin-log-${line.level}`}>
              <time dateTime={line.timestamp}>{timeToSecond(Date.parse(line.timestamp))}</time>
              <span>{line.error === undefined ? line.message : `${line.message}: ${line.error}`}</span>
            </div>
          ))}
        </div>
      )}
    </Section>
  );
}
