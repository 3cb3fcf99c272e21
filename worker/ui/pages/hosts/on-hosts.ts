import { signal } from '@preact/signals';
import type { OnHost } from '../../../../shared/on-hosts.ts';
import { notPressedYet, PressOnHosts } from '../../../../shared/on-hosts.ts';
import type { Run } from '../../../../shared/runs.ts';
import { sentence } from '../../api.ts';
import { cancelRunOn, getRunOn, listRunsOn, pressOn } from '../../data/each-host.ts';
import { hosts } from '../../data/presence.ts';
import { t } from '../../translate.ts';

const EVERY_MS = 1500;

/** A press on several hosts, as the page has it: looked at again and again while somebody looks. */
export class OnHosts {
  readonly rows = signal<readonly OnHost[]>([]);
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #presses: PressOnHosts;
  /** By host, the request that waits for it at the edge. */
  readonly #waiting = new Map<string, string>();

  /** @param started those that an address names, as after a reload. */
  constructor(action: string, started: readonly { host: string; task_id: string }[]) {
    const { signal: gone } = this.#abort;
    this.#presses = new PressOnHosts(
      {
        press: async (host, inputs, waits_s) => {
          const { task_id, request_id } = await pressOn(host, action, inputs, waits_s);
          if (task_id === null) this.#waiting.set(host, request_id);
          return task_id;
        },
        cancel: cancelRunOn,
        read: (host, task_id) => readRun(host, action, task_id, gone),
        sentence,
      },
      started.map(({ host, task_id }) => ({ ...notPressedYet(host), task_id })),
      (rows) => {
        if (!gone.aborted) this.rows.value = rows;
      },
    );
    this.rows.value = this.#presses.rows;
    this.#timer = setInterval(() => void this.look(), EVERY_MS);
    void this.look();
  }

  /** @param waits_s for hosts that are away; 0: not run there. */
  async press(hosts: readonly string[], inputs: Readonly<Record<string, unknown>>, waits_s: number): Promise<void> {
    await this.#presses.press(hosts, inputs, waits_s);
    await this.look();
  }

  /** Those that are under way, all of them. */
  async cancel(): Promise<void> {
    await this.#presses.cancel();
    await this.look();
  }

  async look(): Promise<void> {
    if (document.hidden) return;
    this.#lookWhoCame();
    await this.#presses.look();
  }

  /** Of runs that wait for their hosts the edge says what came. */
  #lookWhoCame(): void {
    for (const [host, request_id] of this.#waiting) {
      const kept = hosts
        .peek()
        .find(({ id }) => id === host)
        ?.pending_runs.find((run) => run.request_id === request_id);
      if (kept === undefined || kept.state === 'waiting') continue;
      this.#waiting.delete(host);
      this.#presses.settled(host, kept.task_id === null ? { problem: kept.message ?? t('It did not start.') } : { task_id: kept.task_id });
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
  }
}

/** With its newest line, which only lists have. */
async function readRun(host: string, action: string, task_id: string, signal: AbortSignal): Promise<Run> {
  const { items } = await listRunsOn(host, { action, last_line: 'true', limit: '20' }, signal);
  return items.find((run) => run.task_id === task_id) ?? getRunOn(host, task_id, signal);
}
