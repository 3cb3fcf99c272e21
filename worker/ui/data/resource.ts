import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { sentence } from '../api.ts';
import { connection } from '../connection/page-connection.ts';

/** Something that a page reads from the server and shows. What was read stays when a later reading fails. */
export interface Resource<T> {
  data: T | null;
  /** Why the last reading failed, in a sentence. */
  problem: string | null;
  busy: boolean;
  reload: () => Promise<void>;
  /** Reads once more: after the reading under way, if there is one, which may have begun too early. For `caughtUp`. */
  again: () => void;
  /** Puts in what is known better, as after a change. */
  set: (data: T) => void;
  /** Changes the data by news. News are newer than an answer on its way, which is changed the same. */
  update: (change: (data: T) => T) => void;
}

interface Reading<T> {
  readonly abort: AbortController;
  /** The changes that came while the answer was on its way. */
  readonly changes: ((data: T) => T)[];
  again: boolean;
}

/**
 * Reads when the page opens, when `key` changes, and when the connection or the host comes back.
 * @param from `'told'`: not when the page opens, but with the first `again`.
 */
export function useResource<T>(read: (signal: AbortSignal) => Promise<T>, key = '', from: 'opened' | 'told' = 'opened'): Resource<T> {
  const data = useSignal<T | null>(null);
  const problem = useSignal<string | null>(null);
  const busy = useSignal(true);
  const latest = useRef(read);
  latest.current = read;
  const underWay = useRef<Reading<T> | null>(null);

  async function reload(): Promise<void> {
    leave();
    const mine: Reading<T> = { abort: new AbortController(), changes: [], again: false };
    underWay.current = mine;
    busy.value = true;
    try {
      const found = await latest.current(mine.abort.signal);
      if (underWay.current !== mine) return;
      data.value = mine.changes.reduce<T>((now, change) => change(now), found);
      problem.value = null;
    } catch (error) {
      if (underWay.current === mine) problem.value = sentence(error);
    }
    if (underWay.current !== mine) return;
    underWay.current = null;
    busy.value = false;
    if (mine.again) void reload();
  }

  function again(): void {
    if (underWay.current === null) void reload();
    else underWay.current.again = true;
  }

  function leave(): void {
    underWay.current?.abort.abort();
    underWay.current = null;
  }

  useEffect(() => {
    if (from === 'opened') void reload();
    return leave;
  }, [key]);
  useEffect(() => connection.onReopen(() => void reload()), []);

  function set(known: T): void {
    leave();
    data.value = known;
    problem.value = null;
    busy.value = false;
  }

  return {
    data: data.value,
    problem: problem.value,
    busy: busy.value,
    reload,
    again,
    set,
    update(change) {
      underWay.current?.changes.push(change);
      const now = data.peek();
      if (now !== null) data.value = change(now);
    },
  };
}
