import { useSignal } from '@preact/signals';
import { CaseSensitive, ChevronDown, ChevronUp, Regex, X } from 'lucide-preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { MAX_PLACES_FOUND } from '../../../shared/limits.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { Run } from '../../../shared/runs.ts';
import { counted } from '../amounts.ts';
import { Button } from '../parts/button.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { t } from '../translate.ts';
import { FindProgress } from './find-progress.ts';
import { paintMatches, type Sought } from './matches.ts';
import type { LogViewer } from './viewer.ts';

/** Who types is not searched for at each letter. */
const TYPED_MS = 200;

/** Words by which programs speak of what went wrong, or may. */
const PROBLEMS = '\\b(errors?|fatal|fail(ed|ures?)?|critical|panic|exceptions?|traceback|warn(ings?)?)\\b';

/** Finds a text in the whole output, marks it where it can be seen, and goes from one place to the next. @param props.problems it begins with what speaks of errors and warnings. */
export function Finder(props: { run: Run; viewer: LogViewer; problems: boolean; onClose: () => void }) {
  const { viewer } = props;
  const text = useSignal(props.problems ? PROBLEMS : '');
  const exact = useSignal(false);
  const regex = useSignal(props.problems);
  const search = useSignal<FindProgress | null>(null);
  /** The cursor of the place that is shown. */
  const at = useSignal<number | null>(null);
  /** The person wants the next place, which is not found yet. */
  const wanted = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const run = useRef(props.run);
  run.current = props.run;

  useLayoutEffect(() => {
    field.current?.focus();
    return () => {
      search.peek()?.stop();
      seek(null);
    };
  }, []);

  useEffect(() => {
    const timer = setTimeout(() => {
      search.peek()?.stop();
      at.value = null;
      if (text.value.trim() === '') {
        search.value = null;
        seek(null);
        viewer.mark(null);
        return;
      }
      const begun = new FindProgress(run.current.task_id, { text: text.value, exact: exact.value, regex: regex.value });
      search.value = begun;
      wanted.value = true;
      void begun.go(
        seek,
        () => viewer.size.peek(),
        () => !isFinal(run.current.state),
      );
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [text.value, exact.value, regex.value]);

  const found = search.value?.found.value ?? [];
  const searching = search.value?.searching.value ?? false;
  // The first place at or below what is in view; where there is none, the last one.
  useEffect(() => {
    if (!wanted.value || found.length === 0) return;
    const from = at.value === null ? viewer.top.peek().cursor : at.value + 1;
    const next = found.find((cursor) => cursor >= from);
    if (next === undefined && searching) return;
    wanted.value = false;
    show(next ?? found.at(-1) ?? 0);
  }, [found, searching, wanted.value]);

  function seek(sought: Sought | null): void {
    viewer.seek(sought === null ? null : (rows) => paintMatches(rows, sought));
    if (sought === null) paintMatches([], null);
  }
  function show(cursor: number): void {
    at.value = cursor;
    void viewer.goTo({ cursor });
  }
  function step(by: 1 | -1): void {
    if (found.length === 0) return;
    const { value } = at;
    const here = value === null ? -1 : found.findLastIndex((cursor) => cursor <= value);
    const next = found[(here + by + found.length) % found.length];
    if (next !== undefined) show(next);
  }

  return (
    <search class="log-find">
      <input
        ref={field}
        class="input"
        type="search"
        aria-label={t('Find in the output')}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') props.onClose();
          else return;
          event.preventDefault();
        }}
      />
      <output class="small muted" aria-live="polite">
        {count()}
      </output>
      <IconButton
        label={t('Match case')}
        aria-pressed={exact.value}
        icon={<CaseSensitive size={18} />}
        onClick={() => {
          exact.value = !exact.value;
        }}
      />
      <IconButton
        label={t('Regular expression')}
        aria-pressed={regex.value}
        icon={<Regex size={18} />}
        onClick={() => {
          regex.value = !regex.value;
        }}
      />
      <Button kind="ghost" small aria-label={t('Previous')} icon={<ChevronUp size={18} />} onClick={() => step(-1)} />
      <Button kind="ghost" small aria-label={t('Next')} icon={<ChevronDown size={18} />} onClick={() => step(1)} />
      <Button kind="ghost" small aria-label={t('Close the search')} icon={<X size={18} />} onClick={props.onClose} />
    </search>
  );

  function count(): string {
    if (search.value === null) return '';
    if (search.value.problem.value !== null) return search.value.problem.value;
    if (found.length === 0) return searching ? t('searching…') : t('none');
    const { value } = at;
    const all = `${counted(found.length)}${found.length >= MAX_PLACES_FOUND ? '+' : searching ? '…' : ''}`;
    const here = value === null ? 0 : found.findLastIndex((cursor) => cursor <= value) + 1;
    return t('{place} of {all}', { place: counted(here), all });
  }
}
