import { signal } from '@preact/signals';
import { ToruError } from '../../../../shared/errors.ts';
import { isFinal } from '../../../../shared/run-state.ts';
import type { Run } from '../../../../shared/runs.ts';
import { sentence } from '../../api.ts';
import { cancelRunOn, getRunOn, listRunsOn, pressOn } from '../../data/each-host.ts';

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

const EVERY_MS = 1500;

/** The same press on several hosts, followed to its ends: each host for itself, so that one that is slow or away keeps no other waiting. */
export class OnHosts {
  readonly rows = signal<readonly OnHost[]>([]);
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #abort = new AbortController();

  readonly #action: string;

  /** @param started those that an address names, as after a reload. */
  constructor(action: string, started: readonly { host: string; task_id: string }[]) {
    this.#action = action;
    this.rows.value = started.map(({ host, task_id }) => ({ host, task_id, waits: false, away: false, run: null, problem: null }));
    this.#timer = setInterval(() => void this.look(), EVERY_MS);
    void this.look();
  }

  /** @param waits_s for hosts that are away; 0: not run there. */
  async press(hosts: readonly string[], inputs: Readonly<Record<string, unknown>>, waits_s: number): Promise<void> {
    this.rows.value = [
      ...this.rows.peek().filter(({ host }) => !hosts.includes(host)),
      ...hosts.map((host): OnHost => ({ host, task_id: null, waits: false, away: false, run: null, problem: null })),
    ];
    await Promise.all(
      hosts.map(async (host) => {
        try {
          const { task_id } = await pressOn(host, this.#action, inputs, waits_s);
          this.#set(host, { task_id, waits: task_id === null });
        } catch (error) {
          this.#set(host, { problem: sentence(error), away: error instanceof ToruError && error.code === 'host_offline' });
        }
      }),
    );
    await this.look();
  }

  /** Those that are under way, all of them. */
  async cancel(): Promise<void> {
    await Promise.all(
      this.rows.peek().map(async ({ host, task_id, run }) => {
        if (task_id === null || (run !== null && isFinal(run.state))) return;
        try {
          await cancelRunOn(host, task_id);
        } catch (error) {
          this.#set(host, { problem: sentence(error) });
        }
      }),
    );
    await this.look();
  }

  async look(): Promise<void> {
    if (document.hidden) return;
    const due = this.rows.peek().filter(({ task_id, run }) => task_id !== null && (run === null || !isFinal(run.state)));
    await Promise.all(
      due.map(async ({ host, task_id }) => {
        try {
          this.#set(host, { run: await this.#read(host, task_id ?? ''), problem: null });
        } catch (error) {
          if (!this.#abort.signal.aborted) this.#set(host, { problem: sentence(error) });
        }
      }),
    );
  }

  /** With its newest line, which only lists have. */
  async #read(host: string, task_id: string): Promise<Run> {
    const query = { action: this.#action, last_line: 'true', limit: '20' };
    const { items } = await listRunsOn(host, query, this.#abort.signal);
    return items.find((run) => run.task_id === task_id) ?? getRunOn(host, task_id, this.#abort.signal);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
  }

  #set(host: string, change: Partial<OnHost>): void {
    this.rows.value = this.rows.peek().map((row) => (row.host === host ? { ...row, ...change } : row));
  }
}

/** How many of them went how: the one result of a press on several hosts. */
export function tally(rows: readonly OnHost[]): Record<'ok' | 'failed' | 'under_way' | 'waiting' | 'away' | 'not_started', number> {
  const counts = { ok: 0, failed: 0, under_way: 0, waiting: 0, away: 0, not_started: 0 };
  for (const { waits, away, run, task_id, problem } of rows) {
    if (waits) counts.waiting += 1;
    else if (away) counts.away += 1;
    else if (task_id === null && problem !== null) counts.not_started += 1;
    else if (run === null || !isFinal(run.state)) counts.under_way += 1;
    else if (run.state === 'exited' && run.exit_code === 0) counts.ok += 1;
    else counts.failed += 1;
  }
  return counts;
}
