import { ToruError } from './errors.ts';
import { isFinal } from './run-state.ts';
import type { Run } from './runs.ts';

/** The same press on several hosts, as the page (`/all/press`) and the command (`toru run --host`) do it. */

/** One press on one host. */
export interface OnHost {
  host: string;
  /** Null: it did not start (yet). */
  task_id: string | null;
  /** It waits at the edge for its host. */
  waits: boolean;
  /** It was not there, and was to be left out then. */
  away: boolean;
  run: Run | null;
  /** Why it did not start, or is not seen now, in a sentence. */
  problem: string | null;
}

/** What is asked of each host by itself. Each call throws what `sentence` can say. */
export interface HostCalls {
  /** @param waits_s when the host is away, the run may wait so many seconds for it; 0: it is not run then. @returns null while it waits. */
  press(host: string, inputs: Readonly<Record<string, unknown>>, waits_s: number): Promise<string | null>;
  cancel(host: string, task_id: string): Promise<void>;
  /** With its newest line. */
  read(host: string, task_id: string): Promise<Run>;
  sentence(error: unknown): string;
}

export function notPressedYet(host: string): OnHost {
  return { host, task_id: null, waits: false, away: false, run: null, problem: null };
}

/** The same press on several hosts, followed to its ends: each host for itself, so that one that is slow or away keeps no other waiting. */
export class PressOnHosts {
  readonly #calls: HostCalls;
  readonly #changed: (rows: readonly OnHost[]) => void;
  #rows: readonly OnHost[];

  /** @param started those that were pressed before. @param changed hears of every change. */
  constructor(calls: HostCalls, started: readonly OnHost[], changed: (rows: readonly OnHost[]) => void) {
    this.#calls = calls;
    this.#rows = started;
    this.#changed = changed;
  }

  get rows(): readonly OnHost[] {
    return this.#rows;
  }

  /** @param waits_s for hosts that are away; 0: not run there. */
  async press(hosts: readonly string[], inputs: Readonly<Record<string, unknown>>, waits_s: number): Promise<void> {
    this.#put([...this.#rows.filter(({ host }) => !hosts.includes(host)), ...hosts.map(notPressedYet)]);
    await Promise.all(
      hosts.map(async (host) => {
        try {
          const task_id = await this.#calls.press(host, inputs, waits_s);
          this.#set(host, { task_id, waits: task_id === null });
        } catch (error) {
          this.#set(host, { problem: this.#calls.sentence(error), away: error instanceof ToruError && error.code === 'host_offline' });
        }
      }),
    );
  }

  /** Those that are under way, all of them. */
  async cancel(): Promise<void> {
    await Promise.all(
      this.#rows.filter(isUnderWay).map(async ({ host, task_id }) => {
        if (task_id === null) return;
        try {
          await this.#calls.cancel(host, task_id);
        } catch (error) {
          this.#set(host, { problem: this.#calls.sentence(error) });
        }
      }),
    );
  }

  /** What came of a run that waited for its host: its id, or why it did not start. */
  settled(host: string, came: { task_id: string } | { problem: string }): void {
    this.#set(host, { ...came, waits: false });
  }

  /** Reads those that are under way. */
  async look(): Promise<void> {
    await Promise.all(
      this.#rows.filter(isUnderWay).map(async ({ host, task_id }) => {
        if (task_id === null) return;
        try {
          this.#set(host, { run: await this.#calls.read(host, task_id), problem: null });
        } catch (error) {
          this.#set(host, { problem: this.#calls.sentence(error) });
        }
      }),
    );
  }

  #set(host: string, change: Partial<OnHost>): void {
    this.#put(this.#rows.map((row) => (row.host === host ? { ...row, ...change } : row)));
  }

  #put(rows: readonly OnHost[]): void {
    this.#rows = rows;
    this.#changed(rows);
  }
}

/** Does it run, or is it about to? */
export function isUnderWay({ task_id, run, waits, problem }: OnHost): boolean {
  return task_id === null ? !waits && problem === null : run === null || !isFinal(run.state);
}

export type Tally = Record<'ok' | 'failed' | 'under_way' | 'waiting' | 'away' | 'not_started', number>;

/** How many of them went how: the one result of a press on several hosts. */
export function tally(rows: readonly OnHost[]): Tally {
  const counts: Tally = { ok: 0, failed: 0, under_way: 0, waiting: 0, away: 0, not_started: 0 };
  for (const row of rows) {
    const { waits, away, run, task_id } = row;
    if (waits) counts.waiting += 1;
    else if (away) counts.away += 1;
    else if (isUnderWay(row)) counts.under_way += 1;
    else if (task_id === null) counts.not_started += 1;
    else if (run?.state === 'exited' && run.exit_code === 0) counts.ok += 1;
    else counts.failed += 1;
  }
  return counts;
}

/** The largest group of hosts on which it runs the same (`content_hash`), the first of equally large ones; and those on which it runs something else. */
export function alike<A extends { content_hash?: string | null | undefined }>(
  found: readonly { host: string; action: A }[],
): { action: A | null; same: string[]; other: string[] } {
  const groups = new Map<string, { host: string; action: A }[]>();
  for (const one of found) {
    const hash = one.action.content_hash;
    if (hash != null) groups.set(hash, [...(groups.get(hash) ?? []), one]);
  }
  const [largest = []] = [...groups.values()].sort((a, b) => b.length - a.length);
  const same = largest.map(({ host }) => host);
  return { action: largest[0]?.action ?? null, same, other: found.map(({ host }) => host).filter((host) => !same.includes(host)) };
}
