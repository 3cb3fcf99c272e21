import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { sentence } from '../api.ts';
import { connection } from '../connection.ts';

/** Something that a page reads from the server and shows. What was read stays when a later reading fails. */
export interface Resource<T> {
  data: T | null;
  /** Why the last reading failed, in a sentence. */
  problem: string | null;
  busy: boolean;
  reload: () => Promise<void>;
  /** Puts in what is known better, as after a change. */
  set: (data: T) => void;
  /** The same from what is there now, which may be newer than what was drawn. Nothing happens before the first reading. */
  update: (change: (data: T) => T) => void;
}

/** Reads when the page opens, when `key` changes, and when the connection or the host comes back. */
export function useResource<T>(read: (signal: AbortSignal) => Promise<T>, key = ''): Resource<T> {
  const data = useSignal<T | null>(null);
  const problem = useSignal<string | null>(null);
  const busy = useSignal(true);
  const latest = useRef(read);
  latest.current = read;
  const underWay = useRef<AbortController | null>(null);

  async function reload(): Promise<void> {
    underWay.current?.abort();
    const mine = new AbortController();
    underWay.current = mine;
    busy.value = true;
    try {
      const found = await latest.current(mine.signal);
      if (mine.signal.aborted) return;
      data.value = found;
      problem.value = null;
    } catch (error) {
      if (!mine.signal.aborted) problem.value = sentence(error);
    } finally {
      if (underWay.current === mine) busy.value = false;
    }
  }

  useEffect(() => {
    void reload();
    return () => underWay.current?.abort();
  }, [key]);
  useEffect(() => connection.onReopen(() => void reload()), []);

  function set(known: T): void {
    underWay.current?.abort();
    data.value = known;
    problem.value = null;
    busy.value = false;
  }

  return {
    data: data.value,
    problem: problem.value,
    busy: busy.value,
    reload,
    set,
    update(change) {
      const now = data.peek();
      if (now !== null) set(change(now));
    },
  };
}
