import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../logger.ts';
import { thaw } from '../process/cgroup.ts';
import { Cgroups, makeCgroupBase } from '../process/owned-cgroups.ts';
import { bootId } from '../process/process-identity.ts';
import type { Attention } from './attention.ts';
import { CLOSE_GRACE_MS, endTerminal } from './end-terminal.ts';
import type { HeldTerminal } from './host/host-protocol.ts';
import { exitRecord } from './host/host-protocol.ts';
import { LogWriter } from './host/log-writer.ts';
import type { HostLink } from './host-link.ts';
import type { Launch } from './launch.ts';
import { LiveTerminal } from './live-terminal.ts';
import { PtyHosts } from './pty-hosts.ts';
import { lengthOnDisk } from './segments.ts';
import type { TerminalChanges } from './terminal-changes.ts';
import { TerminalLog } from './terminal-log.ts';
import type { TerminalRow, TerminalStore } from './terminal-store.ts';

/** A host that lives and does not answer is tried again in so long. */
const AGAIN_MS = 500;

const HOST_DIED = 'The process that keeps terminals ended, and with it this terminal.';
const REBOOTED = 'The host was restarted.';
const OPENED_AGAIN = 'The host was restarted. Opened again at';
const NEVER_STARTED = 'The agent ended before this terminal was opened.';

export interface TerminalLifeOptions {
  /** TORU_HOME */
  home: string;
  store: TerminalStore;
  changes: TerminalChanges;
  attention: Pick<Attention, 'signalled' | 'reset' | 'forget'>;
  audit: Pick<Audit, 'record'>;
  log: Log;
  /** How the program of a terminal is started. @throws ToruError */
  launchOf: (row: TerminalRow) => Launch;
  limits?: { graceMs?: number; cgroups?: boolean } | undefined;
}

/** From the order that opens a terminal to its end: which pty host has it, what it printed, and how it ended. Who may do what is decided elsewhere. */
export class TerminalLife {
  readonly boot = bootId();
  readonly #o: TerminalLifeOptions;
  readonly #folder: string;
  readonly #cgroups: Cgroups;
  readonly #hosts: PtyHosts;
  readonly #live = new Map<string, LiveTerminal>();
  readonly #ending = new Map<string, Promise<void>>();
  #closed = false;

  constructor(options: TerminalLifeOptions) {
    this.#o = options;
    this.#folder = join(options.home, 'terminals');
    this.#cgroups = new Cgroups(options.limits?.cgroups === false ? null : makeCgroupBase(this.#folder));
    this.#hosts = new PtyHosts({
      home: options.home,
      cgroups: this.#cgroups,
      on: {
        grew: (id, end) => this.#grew(id, end),
        signalled: (id, signals) => options.attention.signalled(id, signals),
        exited: (id, { code, signal, end }) => this.#exited(id, { exit_code: code, signal, reason: null }, end),
        lost: (link) => void this.#lost(link),
      },
    });
  }

  /** At boot: takes up the terminals that are still there, and closes those that are not. */
  async start(): Promise<void> {
    const { store } = this.#o;
    const open = store.open();
    if (open.length > 0) {
      const held = new Map<string, { link: HostLink; held: HeldTerminal }>();
      for (const link of await this.#hosts.find()) for (const each of link.terminals) held.set(each.id, { link, held: each });
      for (const row of open) {
        const found = held.get(row.id);
        if (found !== undefined) this.#reached(row, found.link, found.held);
        else if (row.keep && row.boot !== this.boot) await this.#openAgain(row).catch(() => this.#gone(row));
        else this.#gone(row);
      }
    }
    this.#cgroups.releaseOld(new Set(store.open().flatMap(({ cgroup }) => cgroup ?? [])));
  }

  /** The terminals go on without the agent. */
  close(): void {
    this.#closed = true;
    this.#hosts.close();
    for (const live of this.#live.values()) {
      this.#keepTimes(live);
      live.close();
    }
    this.#cgroups.close();
  }

  /** The terminal's own folder: `log/`, `sizes` (a line `position cols rows` each), `modes`, `exit`. */
  folderOf(id: string): string {
    return join(this.#folder, id);
  }

  /** A cgroup for a terminal's processes; null where the host gives none. */
  makeCgroup(): Promise<string | null> {
    return this.#cgroups.make();
  }

  /** What was made for a terminal that was never opened goes. */
  discard(row: TerminalRow): void {
    rmSync(this.folderOf(row.id), { recursive: true, force: true });
    if (row.cgroup !== null) this.#cgroups.release(row.cgroup);
  }

  /** Starts the program of a terminal whose row is written. @returns the row as it is then. @throws ToruError spawn_failed, busy */
  async open(row: TerminalRow, launch: Launch): Promise<TerminalRow> {
    const { link, held } = await this.#order(row, launch);
    const { pid, start } = held;
    const opened = this.#runs(row.id, link, { pid, start, boot: this.boot });
    if (opened === null) throw unknownTerminal();
    return opened;
  }

  /** What is known of one in memory, if anything is. */
  known(id: string): LiveTerminal | undefined {
    return this.#live.get(id);
  }

  liveOf(row: TerminalRow): LiveTerminal {
    const known = this.#live.get(row.id);
    if (known !== undefined) return known;
    const folder = this.folderOf(row.id);
    const live = new LiveTerminal(row.id, new TerminalLog(folder, lengthOnDisk(folder), row.state === 'ended'));
    this.#live.set(row.id, live);
    return live;
  }

  /** @throws ToruError busy */
  linkOf({ id }: TerminalRow): HostLink {
    const link = this.#live.get(id)?.link ?? null;
    if (link !== null) return link;
    throw new ToruError('busy', 'The terminal can’t be reached at the moment. Nothing was done: try again.');
  }

  /** Ends all that runs in it. @returns when nothing of it runs any more. */
  end(row: TerminalRow): Promise<void> {
    const { id } = row;
    const ending = this.#ending.get(id) ?? this.#end(row).finally(() => this.#ending.delete(id));
    this.#ending.set(id, ending);
    return ending;
  }

  /** Removes one that ended, with what it printed. */
  forget(id: string): void {
    const live = this.#live.get(id);
    for (const viewer of [...(live?.viewers ?? [])]) viewer.leave();
    live?.close();
    this.#live.delete(id);
    this.#o.changes.remove(id);
    this.#o.attention.forget(id);
    rmSync(this.folderOf(id), { recursive: true, force: true });
  }

  /** A host that ends in this moment, with its last terminal, takes no order: another one is started then. */
  async #order(row: TerminalRow, launch: Launch) {
    const order = { id: row.id, ...launch, folder: this.folderOf(row.id), cols: row.cols, rows: row.rows, cgroup: row.cgroup };
    for (let attempt = 0; ; attempt += 1) {
      const link = await this.#hosts.current();
      try {
        return { link, held: await link.open(order) };
      } catch (error) {
        const ended = !(error instanceof ToruError) || error.code === 'busy';
        if (!ended || attempt > 0 || this.#hosts.isAlive(link.name)) throw error;
      }
    }
  }

  #reached(row: TerminalRow, link: HostLink, held: HeldTerminal): void {
    const { cols, rows, pid, start, signals } = held;
    if (this.#runs(row.id, link, { cols, rows, pid, start })?.state !== 'running') return;
    const live = this.liveOf(row);
    live.log.grow(held.end);
    live.flow();
    if (signals !== undefined) this.#o.attention.signalled(row.id, signals);
  }

  /**
   * A host has it. Its end may be known already: a host that says both in one breath is heard to its end before whoever waits for its
   * first word goes on.
   * @returns the row as it is then; null when it was removed.
   */
  #runs(id: string, link: HostLink, known: Partial<TerminalRow>): TerminalRow | null {
    const { store } = this.#o;
    const ended = store.get(id)?.state === 'ended';
    const now = store.update(id, { ...known, host: link.name, ...(ended ? {} : { state: 'running' }) });
    if (now !== null && !ended) this.liveOf(now).reached(link);
    return now;
  }

  /** The host was restarted, and this one is marked to be kept: its program begins again where it was, below what it printed. */
  async #openAgain(row: TerminalRow): Promise<void> {
    const launch = this.#o.launchOf(row);
    const cgroup = await this.#cgroups.make();
    const log = new LogWriter(this.folderOf(row.id));
    log.append(Buffer.from(`\r\n\u001b[0m--- ${OPENED_AGAIN} ${new Date().toISOString()} ---\r\n`));
    log.close();
    this.#o.store.update(row.id, { state: 'starting', frozen: false, boot: this.boot, cgroup });
    this.#o.attention.reset(row.id);
    const { link, held } = await this.#order({ ...row, cgroup }, launch);
    this.#reached({ ...row, state: 'starting', cgroup }, link, held);
    const detail = { name: row.name, reason: REBOOTED };
    this.#o.audit.record({ event: 'terminal.open', caller: null, target: row.id, outcome: 'ok', detail });
  }

  /** No host has it any more: it ended while nobody looked, or its host did. */
  #gone(row: TerminalRow): void {
    const exit = this.#exitOf(row.id);
    const end = lengthOnDisk(this.folderOf(row.id));
    if (exit !== null) return this.#exited(row.id, { exit_code: exit.code, signal: exit.signal, reason: null, ended_at: exit.at }, end);
    const reason = row.boot !== this.boot ? REBOOTED : row.state === 'starting' ? NEVER_STARTED : HOST_DIED;
    this.#exited(row.id, { exit_code: null, signal: null, reason }, end);
    // What the kernel's HUP did not end.
    if (row.boot === this.boot) endTerminal(row, this.boot, () => true, 0).catch((error: unknown) => this.#failed(error));
  }

  #exitOf(id: string) {
    try {
      return exitRecord.parse(JSON.parse(readFileSync(join(this.folderOf(id), 'exit'), 'utf8')));
    } catch {
      return null;
    }
  }

  #grew(id: string, end: number): void {
    const live = this.#live.get(id);
    if (live === undefined) return;
    live.lastOutputAt = Date.now();
    live.log.grow(end);
    live.flow();
    this.#o.changes.tellSoon(id);
  }

  #exited(id: string, how: Pick<TerminalRow, 'exit_code' | 'signal' | 'reason'> & { ended_at?: number }, end: number): void {
    const { store, changes } = this.#o;
    const row = store.get(id);
    if (row === null || row.state === 'ended') return;
    const live = this.liveOf(row);
    live.link = null;
    this.#keepTimes(live);
    this.#o.attention.reset(id);
    const ended = store.update(id, { state: 'ended', frozen: false, ended_at: Date.now(), ...how });
    if (row.cgroup !== null) this.#cgroups.release(row.cgroup);
    live.log.finish(end);
    live.flow();
    if (ended !== null) changes.tell(ended);
  }

  /** The connection to a host went: it ended, or we were slow. */
  async #lost(link: HostLink): Promise<void> {
    for (const live of this.#live.values()) if (live.link === link) live.link = null;
    while (!this.#closed && this.#hosts.isAlive(link.name)) {
      const again = await this.#hosts.again(link.name);
      if (this.#closed) return again?.close();
      const held = new Map(again?.terminals.map((each) => [each.id, each]));
      if (again !== null) {
        for (const row of this.#of(link.name)) {
          const found = held.get(row.id);
          if (found === undefined) this.#gone(row);
          else this.#reached(row, again, found);
        }
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
    }
    if (!this.#closed) for (const row of this.#of(link.name)) this.#gone(row);
  }

  #of(host: string): TerminalRow[] {
    return this.#o.store.open().filter((row) => row.host === host);
  }

  async #end(row: TerminalRow): Promise<void> {
    const { store, limits } = this.#o;
    const isEnded = (): boolean => store.get(row.id)?.state === 'ended';
    if (row.cgroup !== null && row.frozen) thaw(row.cgroup);
    await endTerminal(row, this.boot, isEnded, limits?.graceMs ?? CLOSE_GRACE_MS);
    // The host reads what is left, and says how it ended.
    for (const until = Date.now() + 2000; Date.now() < until && !isEnded(); ) await new Promise((resolve) => setTimeout(resolve, 10));
    if (!isEnded()) this.#gone(row);
  }

  #keepTimes(live: LiveTerminal): void {
    const { lastOutputAt, lastInputAt } = live;
    this.#o.store.update(live.id, {
      ...(lastOutputAt === null ? {} : { last_output_at: lastOutputAt }),
      ...(lastInputAt === null ? {} : { last_input_at: lastInputAt }),
    });
  }

  #failed(error: unknown): void {
    this.#o.log.error({ err: error }, 'what was left in a terminal could not be ended');
  }
}

export function unknownTerminal(): ToruError {
  return new ToruError('unknown_terminal', 'There is no such terminal. It may have been removed from the trash.');
}
