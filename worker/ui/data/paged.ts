import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { List } from '../../../shared/api.ts';
import { sentence } from '../api.ts';

/** A list that is read page by page, from the newest on. */
export interface Paged<T> {
  items: readonly T[];
  /** Null while the first page was not read yet. */
  more: boolean | null;
  busy: boolean;
  problem: string | null;
  next: () => Promise<void>;
  again: () => Promise<void>;
  /** The first page once more, in front of what is already shown further back: after news. */
  refresh: () => void;
  /** Changes those that are shown. */
  update: (change: (item: T) => T) => void;
}

/** News come in showers: the first page is read again so long after the first of them. */
const SOON_MS = 400;

/** @param key another one begins again. @param idOf for `refresh`: which of what it reads is known. */
export function usePaged<T>(
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<List<T>>,
  key: string,
  idOf: (item: T) => unknown = (item) => item,
): Paged<T> {
  const items = useSignal<readonly T[]>([]);
  const cursor = useSignal<string | null | undefined>(undefined);
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const underWay = useRef<AbortController | null>(null);
  const latest = useRef(read);
  latest.current = read;

  const soon = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  async function refresh(): Promise<void> {
    if (busy.peek()) return refreshSoon();
    if (cursor.peek() === undefined) return page(undefined);
    const mine = new AbortController();
    underWay.current = mine;
    try {
      const found = await latest.current(undefined, mine.signal);
      if (mine.signal.aborted) return;
      const fresh = new Set(found.items.map(idOf));
      const last = found.items.at(-1);
      const known = last === undefined ? -1 : items.peek().findLastIndex((item) => idOf(item) === idOf(last));
      // Where the page ends in what is shown, the rest of that follows; where it does not, more has come than a page.
      const rest = found.next_cursor === null || known === -1 ? [] : items.peek().slice(known + 1);
      items.value = [...found.items, ...rest.filter((item) => !fresh.has(idOf(item)))];
      if (rest.length === 0) cursor.value = found.next_cursor;
      problem.value = null;
    } catch {
      // What is shown stays; the next news, or the next connection, tries again.
    }
  }
  function refreshSoon(): void {
    soon.current ??= setTimeout(() => {
      soon.current = undefined;
      void refresh();
    }, SOON_MS);
  }

  async function page(from: string | undefined): Promise<void> {
    underWay.current?.abort();
    const mine = new AbortController();
    underWay.current = mine;
    busy.value = true;
    try {
      const found = await latest.current(from, mine.signal);
      if (mine.signal.aborted) return;
      items.value = from === undefined ? found.items : [...items.peek(), ...found.items];
      cursor.value = found.next_cursor;
      problem.value = null;
    } catch (error) {
      if (!mine.signal.aborted) problem.value = sentence(error);
    } finally {
      if (underWay.current === mine) busy.value = false;
    }
  }

  useEffect(() => {
    void page(undefined);
    return () => {
      underWay.current?.abort();
      clearTimeout(soon.current);
      soon.current = undefined;
    };
  }, [key]);

  return {
    items: items.value,
    more: cursor.value === undefined ? null : cursor.value !== null,
    busy: busy.value,
    problem: problem.value,
    async next() {
      const from = cursor.peek();
      if (!busy.peek() && typeof from === 'string') await page(from);
    },
    again: () => page(undefined),
    refresh: refreshSoon,
    update(change) {
      items.value = items.peek().map(change);
    },
  };
}
