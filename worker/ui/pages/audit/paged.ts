import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { List } from '../../../../shared/api.ts';
import { sentence } from '../../api.ts';

/** A list that is read page by page, from the newest on. */
export interface Paged<T> {
  items: readonly T[];
  /** Null while the first page was not read yet. */
  more: boolean | null;
  busy: boolean;
  problem: string | null;
  next: () => Promise<void>;
  again: () => Promise<void>;
}

/** @param key another one begins again. */
export function usePaged<T>(read: (cursor: string | undefined, signal: AbortSignal) => Promise<List<T>>, key: string): Paged<T> {
  const items = useSignal<readonly T[]>([]);
  const cursor = useSignal<string | null | undefined>(undefined);
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const underWay = useRef<AbortController | null>(null);
  const latest = useRef(read);
  latest.current = read;

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
    return () => underWay.current?.abort();
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
  };
}
