import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import type { FolderPreferences } from '../../shared/folders.ts';
import { refuseLate } from '../../shared/in-time.ts';
import type {
  ExecAnswer,
  ExecRequest,
  ShareRight,
  Terminal,
  TerminalCreate,
  TerminalPatch,
  TerminalShare,
  TerminalsQuery,
} from '../../shared/terminals.ts';
import { MAX_TERMINALS } from '../../shared/terminals.ts';
import type { Audit } from '../audit/audit.ts';
import type { Folders } from '../folders/folders.ts';
import type { Log } from '../logger.ts';
import { freeze, thaw } from '../process/cgroup.ts';
import { Cgroups, makeCgroupBase } from '../process/owned-cgroups.ts';
import { bootId } from '../process/process-identity.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { checkDisk, MIN_FREE_BYTES } from '../store/disk.ts';
import { loginEnvironment } from '../system/login-environment.ts';
import type { Caller } from '../users/caller.ts';
import type { Users } from '../users/users.ts';
import { CLOSE_GRACE_MS, endTerminal } from './end-terminal.ts';
import { execIn, folderOfProcess } from './exec.ts';
import type { HeldTerminal } from './host/host-protocol.ts';
import { exitRecord } from './host/host-protocol.ts';
import { LogWriter } from './host/log-writer.ts';
import type { HostLink } from './host-link.ts';
import { launchOf } from './launch.ts';
import type { TerminalViewer } from './live-terminal.ts';
import { LiveTerminal } from './live-terminal.ts';
import { PtyHosts } from './pty-hosts.ts';
import { lengthOnDisk } from './segments.ts';
import { TerminalLog } from './terminal-log.ts';
import type { TerminalRow } from './terminal-store.ts';
import { shownTerminal, TerminalStore } from './terminal-store.ts';
import { encodeFrame } from './terminal-words.ts';

/** Changes of what is shown but of no consequence (when it printed last, who looks) are told once in so long. */
const SHOWN_EVERY_MS = 2000;
/** Ended ones are looked through so often. */
const TRASH_EVERY_MS = 3_600_000;
const DAY_MS = 24 * 3_600_000;
/** A host that lives and does not answer is tried again in so long. */
const AGAIN_MS = 500;

const HOST_DIED = 'The process that keeps terminals ended, and with it this terminal.';
const REBOOTED = 'The host was restarted.';
const OPENED_AGAIN = 'The host was restarted. Opened again at';
const NEVER_STARTED = 'The agent ended before this terminal was opened.';

export interface TerminalsOptions {
  db: Database;
  /** TORU_HOME */
  home: string;
  settings: Pick<Settings, 'env_allow' | 'trash_retention_days'>;
  users: Pick<Users, 'get'>;
  folders: Pick<Folders, 'context' | 'onRemoved'>;
  audit: Pick<Audit, 'record'>;
  log: Log;
  environment?: Readonly<Record<string, string | undefined>>;
  limits?: { graceMs?: number; cgroups?: boolean };
}

/** What changed: a terminal, or that it is there no longer. */
export interface TerminalChange {
  id: string;
  row: TerminalRow | null;
  /** With whom it is, or was, shared. */
  users: string[];
}

/** The terminals of this host. Their programs run in pty hosts, which outlive the agent; here is who may do what with them. */
export class Terminals {
  readonly store: TerminalStore;
  readonly #o: TerminalsOptions;
  readonly #folder: string;
  readonly #cgroups: Cgroups;
  readonly #hosts: PtyHosts;
  readonly #live = new Map<string, LiveTerminal>();
  readonly #listeners = new Set<(change: TerminalChange) => void>();
  readonly #ending = new Map<string, Promise<void>>();
  readonly #untold = new Set<string>();
  readonly #boot = bootId();
  #toldTimer: NodeJS.Timeout | null = null;
  #trashTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: TerminalsOptions) {
    this.#o = options;
    this.store = new TerminalStore(options.db);
    options.folders.onRemoved((ids) => {
      for (const id of this.store.inFolders(ids)) this.#update(id, { folder: null });
    });
    this.#folder = join(options.home, 'terminals');
    this.#cgroups = new Cgroups(options.limits?.cgroups === false ? null : makeCgroupBase(this.#folder));
    this.#hosts = new PtyHosts({
      home: options.home,
      cgroups: this.#cgroups,
      on: {
        grew: (id, end) => this.#grew(id, end),
        exited: (id, { code, signal, end }) => this.#exited(id, { exit_code: code, signal, reason: null }, end),
        lost: (link) => void this.#lost(link),
      },
    });
  }

  /** At boot: takes up the terminals that are still there, and closes those that are not. */
  async start(): Promise<void> {
    const open = this.store.open();
    if (open.length > 0) {
      const held = new Map<string, { link: HostLink; held: HeldTerminal }>();
      for (const link of await this.#hosts.find()) for (const each of link.terminals) held.set(each.id, { link, held: each });
      for (const row of open) {
        const found = held.get(row.id);
        if (found !== undefined) this.#reached(row, found.link, found.held);
        else if (row.keep && row.boot !== this.#boot) await this.#openAgain(row).catch(() => this.#gone(row));
        else this.#gone(row);
      }
    }
    this.#cgroups.releaseOld(new Set(this.store.open().flatMap(({ cgroup }) => cgroup ?? [])));
    this.#emptyTrash();
    this.#trashTimer = setInterval(() => this.#emptyTrash(), TRASH_EVERY_MS).unref();
  }

  /** The terminals go on without the agent. */
  close(): void {
    this.#closed = true;
    for (const timer of [this.#toldTimer, this.#trashTimer]) if (timer !== null) clearTimeout(timer);
    this.#hosts.close();
    for (const live of this.#live.values()) {
      this.#keepTimes(live);
      live.close();
    }
    this.#cgroups.close();
  }

  onChange(listener: (change: TerminalChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens a terminal. The same request id never opens two. @throws ToruError bad_request, quota_exceeded, spawn_failed, … */
  async create(caller: Caller, request: TerminalCreate): Promise<Terminal> {
    refuseLate(request.not_after, Date.now());
    const { request_id } = request;
    const known = request_id === undefined ? null : this.store.byRequest(caller.user_id, request_id);
    if (known !== null) return this.shown(known, 'admin');
    if (this.store.open().length >= MAX_TERMINALS)
      throw new ToruError('quota_exceeded', `A host has ${MAX_TERMINALS} terminals at most. Close one that is not needed.`);
    checkDisk(this.#o.home, MIN_FREE_BYTES);
    const preferences = request.folder == null ? {} : this.#o.folders.context(request.folder).preferences;
    const row = this.#rowOf(caller, request, preferences);
    const launch = launchOf(row, this.#launching);
    const folder = this.folderOf(row.id);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    row.cgroup = await this.#cgroups.make();
    // The same request may have come again meanwhile.
    const twin = request_id === undefined ? null : this.store.byRequest(caller.user_id, request_id);
    if (twin !== null) {
      rmSync(folder, { recursive: true, force: true });
      if (row.cgroup !== null) this.#cgroups.release(row.cgroup);
      return this.shown(twin, 'admin');
    }
    this.store.insert(row);
    try {
      const { link, held } = await this.#open(row, { ...launch, folder });
      const { pid, start } = held;
      const opened = this.store.update(row.id, { state: 'running', host: link.name, pid, start, boot: this.#boot });
      if (opened === null) throw unknownTerminal();
      this.#liveOf(opened).reached(link);
      const detail = { name: row.name, cwd: row.cwd, ...(row.command === null ? {} : { command: row.command.join(' ').slice(0, 500) }) };
      this.#o.audit.record({ event: 'terminal.open', caller, target: row.id, outcome: 'ok', detail });
      this.#changed(opened);
      const { startup_command: typed } = preferences;
      if (typed !== undefined && row.command === null) await link.input(row.id, `${typed}\r`);
      return this.shown(opened, 'admin');
    } catch (error) {
      this.store.remove(row.id);
      rmSync(folder, { recursive: true, force: true });
      if (row.cgroup !== null) this.#cgroups.release(row.cgroup);
      throw error;
    }
  }

  /** Newest first; of a client those that are shared with them. @throws ToruError bad_cursor */
  list(caller: Caller, query: TerminalsQuery): List<Terminal> {
    const admin = caller.role === 'admin';
    const { items, next_cursor } = this.store.list(query, admin ? null : caller.user_id);
    return {
      items: items.map((row) => this.shown(row, admin ? 'admin' : (this.store.share(row.id, caller.user_id) ?? 'look'))),
      next_cursor,
    };
  }

  /** @throws ToruError unknown_terminal, also for one that the caller may not see. */
  get(caller: Caller, id: string): Terminal {
    const { row, right } = this.#seen(caller, id);
    return this.shown(row, right);
  }

  /** As whoever may see it sees it. */
  shown(row: TerminalRow, right: Terminal['right']): Terminal {
    const live = this.#live.get(row.id);
    const last = live?.lastOutputAt ?? row.last_output_at;
    return shownTerminal({ ...row, last_output_at: last }, { viewers: live?.viewers.size ?? 0, attention: 'none', right });
  }

  /** The log of a terminal; the caller has looked who reads it. @throws ToruError unknown_terminal */
  log(id: string): TerminalLog {
    return this.#liveOf(this.#row(id)).log;
  }

  /** How it ended, as the frames that its viewers get; null while it runs. */
  endFrames(id: string): string[] | null {
    const row = this.store.get(id);
    if (row === null || row.state !== 'ended') return null;
    return [encodeFrame({ type: 'exit', terminal_id: id, code: row.exit_code, signal: row.signal, reason: row.reason })];
  }

  /** The terminal's own folder: `log/`, `sizes` (a line `position cols rows` each), `exit`. */
  folderOf(id: string): string {
    return join(this.#folder, id);
  }

  /** Who looks at it now. @returns leave. @throws ToruError unknown_terminal */
  view(caller: Caller, id: string, viewer: TerminalViewer): { terminal: Terminal; acked: () => void; leave: () => void } {
    const { row, right } = this.#seen(caller, id);
    const live = this.#liveOf(row);
    live.viewers.add(viewer);
    live.flow();
    this.#changedSoon(id);
    const leave = (): void => {
      if (!live.viewers.delete(viewer)) return;
      live.flow();
      this.#changedSoon(id);
    };
    return { terminal: this.shown(row, right), acked: () => live.flow(), leave };
  }

  /** Types into it. @throws ToruError unknown_terminal, forbidden, not_running, input_not_accepted when too much waits already. */
  async input(caller: Caller, id: string, data: string): Promise<void> {
    const row = this.#typed(caller, id);
    const link = this.#linkOf(row);
    await link.input(id, data);
    const live = this.#live.get(id);
    if (live !== undefined) live.lastInputAt = Date.now();
    this.#changedSoon(id);
  }

  /** @throws ToruError unknown_terminal, forbidden, not_running */
  async resize(caller: Caller, id: string, cols: number, rows: number): Promise<void> {
    const row = this.#typed(caller, id);
    if (row.cols === cols && row.rows === rows) return;
    await this.#linkOf(row).resize(id, cols, rows);
    this.#update(id, { cols, rows });
    this.#live.get(id)?.resized(cols, rows);
  }

  /** @throws ToruError unknown_terminal, not_running for the size of one that ended. */
  async update(caller: Caller, id: string, { cols, rows, ...rest }: TerminalPatch): Promise<Terminal> {
    const row = this.#row(id);
    if (cols !== undefined || rows !== undefined) await this.resize(caller, id, cols ?? row.cols, rows ?? row.rows);
    const change: Partial<TerminalRow> = {};
    if (rest.name !== undefined) change.name = rest.name;
    if (rest.folder != null) this.#o.folders.context(rest.folder);
    if (rest.folder !== undefined) change.folder = rest.folder;
    if (rest.keep !== undefined) change.keep = rest.keep;
    if (Object.keys(change).length > 0) {
      this.#update(id, change);
      this.#o.audit.record({ event: 'terminal.change', caller, target: id, outcome: 'ok', detail: change });
    }
    return this.get(caller, id);
  }

  /** Puts it away: its viewers leave. Frozen, nothing in it runs until it is resumed. @throws ToruError not_running, conflict where it can't be frozen. */
  async suspend(caller: Caller, id: string, frozen: boolean): Promise<Terminal> {
    const row = this.#running(id);
    if (frozen && row.cgroup === null)
      throw new ToruError(
        'conflict',
        'This host has no cgroups for terminals, so none can be frozen. Suspend it without (see: toru doctor).',
      );
    if (frozen && row.cgroup !== null) await freeze(row.cgroup);
    this.#update(id, { state: 'suspended', frozen });
    this.#o.audit.record({ event: 'terminal.suspend', caller, target: id, outcome: 'ok', detail: { name: row.name, frozen } });
    for (const viewer of [...(this.#live.get(id)?.viewers ?? [])]) viewer.leave();
    return this.get(caller, id);
  }

  /** @throws ToruError not_running */
  resume(caller: Caller, id: string): Terminal {
    const row = this.#running(id);
    if (row.cgroup !== null) thaw(row.cgroup);
    this.#update(id, { state: 'running', frozen: false });
    if (row.state === 'suspended')
      this.#o.audit.record({ event: 'terminal.resume', caller, target: id, outcome: 'ok', detail: { name: row.name } });
    return this.get(caller, id);
  }

  /**
   * Ends all that runs in it; it stays in the trash for `trash_retention_days`. One that ended is removed, with what it printed.
   * @returns when nothing of it runs any more. @throws ToruError unknown_terminal
   */
  async remove(caller: Caller, id: string): Promise<void> {
    const row = this.#row(id);
    const { name } = row;
    if (row.state === 'ended') {
      this.#forget(id);
      this.#o.audit.record({ event: 'terminal.remove', caller, target: id, outcome: 'ok', detail: { name } });
      return;
    }
    this.#o.audit.record({ event: 'terminal.close', caller, target: id, outcome: 'ok', detail: { name } });
    const ending = this.#ending.get(id) ?? this.#end(row).finally(() => this.#ending.delete(id));
    this.#ending.set(id, ending);
    await ending;
  }

  /** Runs `argv` beside its program, or types `text` into it. @throws ToruError not_running, spawn_failed, input_not_accepted */
  async exec(caller: Caller, id: string, request: ExecRequest): Promise<ExecAnswer> {
    const row = this.#running(id);
    const nothing: ExecAnswer = { exit_code: null, signal: null, timed_out: false, stdout: '', stderr: '', truncated: false };
    const { name } = row;
    if ('text' in request) {
      // As one paste: a shell does not run its lines before Enter. What ends a paste can't be in it.
      const text = request.text.replaceAll('\u001b[201~', '');
      const detail = { name, text: text.slice(0, 500) };
      this.#o.audit.record({ event: 'terminal.exec', caller, target: id, outcome: 'ok', detail });
      await this.input(caller, id, `\u001b[200~${text}\u001b[201~${request.enter ? '\r' : ''}`);
      return nothing;
    }
    const launch = launchOf(row, this.#launching);
    const cwd = (row.pid === null ? null : folderOfProcess(row.pid)) ?? launch.cwd;
    const detail = { name, argv: request.argv.join(' ').slice(0, 500) };
    this.#o.audit.record({ event: 'terminal.exec', caller, target: id, outcome: 'ok', detail });
    const { ended } = await execIn({
      argv: request.argv,
      launch: { ...launch, cwd, env: { ...launch.env, PWD: cwd } },
      cgroup: row.cgroup,
      timeoutMs: request.timeout_s * 1000,
    });
    return request.wait ? ended : nothing;
  }

  /** @throws ToruError unknown_terminal */
  shares(id: string): TerminalShare[] {
    this.#row(id);
    return this.store.shares(id).map((share) => ({ ...share, username: this.#o.users.get(share.user_id)?.username ?? '' }));
  }

  /** @param right null: no longer. @throws ToruError unknown_terminal, unknown_user */
  share(caller: Caller, id: string, userId: string, right: ShareRight | null): void {
    const row = this.#row(id);
    const user = this.#o.users.get(userId);
    if (user === null && right !== null) throw new ToruError('unknown_user', 'There is no such user.');
    this.store.setShare(id, userId, right);
    const detail = { name: row.name, user: user?.username ?? userId, right: right ?? 'none' };
    this.#o.audit.record({ event: 'terminal.share', caller, target: id, outcome: 'ok', detail });
    for (const viewer of [...(this.#live.get(id)?.viewers ?? [])]) if (viewer.user_id === userId && right === null) viewer.leave();
    this.#changed(row);
  }

  get #launching() {
    const { home, environment = process.env, settings } = this.#o;
    return { home, environment, env_allow: settings.env_allow };
  }

  /** @param preferences of the folder that it is opened in, which hold where the request says nothing. */
  #rowOf(caller: Caller, request: TerminalCreate, preferences: FolderPreferences): TerminalRow {
    const account = loginEnvironment(this.#o.environment ?? process.env);
    const id = randomUUID();
    const shell = request.shell ?? preferences.shell ?? account['SHELL'] ?? '/bin/sh';
    const program = request.command?.[0] ?? shell;
    return {
      id,
      name: request.name ?? program.slice(program.lastIndexOf('/') + 1),
      kind: request.kind,
      folder: request.folder ?? null,
      cwd: request.cwd ?? preferences.cwd ?? account['HOME'] ?? '/',
      command: request.command ?? null,
      shell,
      env: { ...preferences.env, ...request.env },
      state: 'starting',
      frozen: false,
      exit_code: null,
      signal: null,
      reason: null,
      cols: request.cols,
      rows: request.rows,
      keep: request.keep,
      host: null,
      pid: null,
      start: null,
      boot: this.#boot,
      cgroup: null,
      user_id: caller.user_id,
      username: caller.username,
      request_id: request.request_id ?? null,
      created_at: Date.now(),
      ended_at: null,
      last_output_at: null,
      last_input_at: null,
    };
  }

  /** A host that ends in this moment, with its last terminal, takes no order: another one is started then. */
  async #open(row: TerminalRow, launch: { file: string; args: string[]; env: Record<string, string>; cwd: string; folder: string }) {
    const order = { id: row.id, ...launch, cols: row.cols, rows: row.rows, cgroup: row.cgroup };
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

  #liveOf(row: TerminalRow): LiveTerminal {
    const known = this.#live.get(row.id);
    if (known !== undefined) return known;
    const folder = this.folderOf(row.id);
    const live = new LiveTerminal(row.id, new TerminalLog(folder, lengthOnDisk(folder), row.state === 'ended'));
    this.#live.set(row.id, live);
    return live;
  }

  #reached(row: TerminalRow, link: HostLink, held: HeldTerminal): void {
    const { cols, rows, pid, start } = held;
    const state = row.state === 'starting' ? 'running' : row.state;
    const now = this.store.update(row.id, { state, cols, rows, pid, start, host: link.name }) ?? row;
    const live = this.#liveOf(now);
    live.log.grow(held.end);
    live.reached(link);
  }

  /** The host was restarted, and this one is marked to be kept: its program begins again where it was, below what it printed. */
  async #openAgain(row: TerminalRow): Promise<void> {
    const folder = this.folderOf(row.id);
    const launch = launchOf(row, this.#launching);
    const cgroup = await this.#cgroups.make();
    const log = new LogWriter(folder);
    log.append(Buffer.from(`\r\n\u001b[0m--- ${OPENED_AGAIN} ${new Date().toISOString()} ---\r\n`));
    log.close();
    this.store.update(row.id, { state: 'starting', frozen: false, boot: this.#boot, cgroup });
    const { link, held } = await this.#open({ ...row, cgroup }, { ...launch, folder });
    this.#reached({ ...row, state: 'starting', cgroup }, link, held);
    this.#o.audit.record({
      event: 'terminal.open',
      caller: null,
      target: row.id,
      outcome: 'ok',
      detail: { name: row.name, reason: REBOOTED },
    });
  }

  /** No host has it any more: it ended while nobody looked, or its host did. */
  #gone(row: TerminalRow): void {
    const exit = this.#exitOf(row.id);
    const end = lengthOnDisk(this.folderOf(row.id));
    if (exit !== null) return this.#exited(row.id, { exit_code: exit.code, signal: exit.signal, reason: null, ended_at: exit.at }, end);
    const reason = row.boot !== this.#boot ? REBOOTED : row.state === 'starting' ? NEVER_STARTED : HOST_DIED;
    this.#exited(row.id, { exit_code: null, signal: null, reason }, end);
    // What the kernel's HUP did not end.
    if (row.boot === this.#boot) endTerminal(row, this.#boot, () => true, 0).catch((error: unknown) => this.#failed(error));
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
    this.#changedSoon(id);
  }

  #exited(id: string, how: Pick<TerminalRow, 'exit_code' | 'signal' | 'reason'> & { ended_at?: number }, end: number): void {
    const row = this.store.get(id);
    if (row === null || row.state === 'ended') return;
    const live = this.#liveOf(row);
    live.link = null;
    this.#keepTimes(live);
    const ended = this.store.update(id, { state: 'ended', frozen: false, ended_at: Date.now(), ...how });
    if (row.cgroup !== null) this.#cgroups.release(row.cgroup);
    live.log.finish(end);
    live.flow();
    if (ended !== null) this.#changed(ended);
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
    return this.store.open().filter((row) => row.host === host);
  }

  async #end(row: TerminalRow): Promise<void> {
    if (row.cgroup !== null && row.frozen) thaw(row.cgroup);
    await endTerminal(row, this.#boot, () => this.store.get(row.id)?.state === 'ended', this.#o.limits?.graceMs ?? CLOSE_GRACE_MS);
    // The host reads what is left, and says how it ended.
    for (const until = Date.now() + 2000; Date.now() < until && this.store.get(row.id)?.state !== 'ended'; )
      await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.store.get(row.id)?.state !== 'ended') this.#gone(row);
  }

  #forget(id: string): void {
    const live = this.#live.get(id);
    for (const viewer of [...(live?.viewers ?? [])]) viewer.leave();
    live?.close();
    this.#live.delete(id);
    const users = this.#sharedWith(id);
    this.store.remove(id);
    rmSync(this.folderOf(id), { recursive: true, force: true });
    for (const listener of [...this.#listeners]) listener({ id, row: null, users });
  }

  #emptyTrash(): void {
    const days = this.#o.settings.trash_retention_days;
    if (days === 0) return;
    for (const id of this.store.endedBefore(Date.now() - days * DAY_MS)) this.#forget(id);
  }

  #update(id: string, change: Partial<TerminalRow>): void {
    const row = this.store.update(id, change);
    if (row !== null) this.#changed(row);
  }

  #changed(row: TerminalRow): void {
    this.#untold.delete(row.id);
    if (this.#listeners.size === 0) return;
    const users = this.#sharedWith(row.id);
    for (const listener of [...this.#listeners]) listener({ id: row.id, row, users });
  }

  #changedSoon(id: string): void {
    this.#untold.add(id);
    this.#toldTimer ??= setTimeout(() => {
      this.#toldTimer = null;
      for (const untold of [...this.#untold]) {
        const row = this.store.get(untold);
        if (row !== null) this.#changed(row);
      }
      this.#untold.clear();
    }, SHOWN_EVERY_MS).unref();
  }

  #sharedWith(id: string): string[] {
    return this.store.shares(id).map(({ user_id }) => user_id);
  }

  #keepTimes(live: LiveTerminal): void {
    const { lastOutputAt, lastInputAt } = live;
    this.store.update(live.id, {
      ...(lastOutputAt === null ? {} : { last_output_at: lastOutputAt }),
      ...(lastInputAt === null ? {} : { last_input_at: lastInputAt }),
    });
  }

  #row(id: string): TerminalRow {
    const row = this.store.get(id);
    if (row === null || row.state === 'starting') throw unknownTerminal();
    return row;
  }

  #running(id: string): TerminalRow {
    const row = this.#row(id);
    if (row.state === 'ended') throw new ToruError('not_running', 'This terminal has ended.');
    return row;
  }

  #seen(caller: Caller, id: string): { row: TerminalRow; right: Terminal['right'] } {
    const row = this.#row(id);
    if (caller.role === 'admin') return { row, right: 'admin' };
    const right = this.store.share(id, caller.user_id);
    if (right !== null) return { row, right };
    this.#o.audit.record({ event: 'terminal.foreign', caller, target: id, outcome: 'refused', detail: { name: row.name } });
    throw unknownTerminal();
  }

  /** @throws ToruError forbidden for who may only look. */
  #typed(caller: Caller, id: string): TerminalRow {
    const { row, right } = this.#seen(caller, id);
    if (right === 'look') throw new ToruError('forbidden', 'This terminal is shared with you to look at. An admin can let you type.');
    if (row.state === 'ended') throw new ToruError('not_running', 'This terminal has ended.');
    return row;
  }

  #linkOf({ id }: TerminalRow): HostLink {
    const link = this.#live.get(id)?.link ?? null;
    if (link !== null) return link;
    throw new ToruError('busy', 'The terminal can’t be reached at the moment. Nothing was done: try again.');
  }

  #failed(error: unknown): void {
    this.#o.log.error({ err: error }, 'what was left in a terminal could not be ended');
  }
}

function unknownTerminal(): ToruError {
  return new ToruError('unknown_terminal', 'There is no such terminal. It may have been removed from the trash.');
}
