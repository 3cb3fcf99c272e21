import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import type { FolderPreferences } from '../../shared/folders.ts';
import { refuseLate } from '../../shared/in-time.ts';
import { isAnswer } from '../../shared/terminal/answers.ts';
import { MAX_TERMINALS } from '../../shared/terminal-limits.ts';
import type {
  ExecAnswer,
  ExecRequest,
  ShareRight,
  Terminal,
  TerminalCreate,
  TerminalFile,
  TerminalPatch,
  TerminalShare,
  TerminalsQuery,
} from '../../shared/terminals.ts';
import type { Audit } from '../audit/audit.ts';
import { inBackground } from '../background.ts';
import type { Folders } from '../folders/folders.ts';
import type { Log } from '../logger.ts';
import { freeze, thaw } from '../process/cgroup.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { checkDisk, MIN_FREE_BYTES } from '../store/disk.ts';
import { loginEnvironment } from '../system/login-environment.ts';
import type { Caller } from '../users/caller.ts';
import type { Users } from '../users/users.ts';
import type { TerminalNotice } from './attention.ts';
import { Attention } from './attention.ts';
import { execIn, folderOfProcess } from './exec.ts';
import type { Launch } from './launch.ts';
import { launchOf } from './launch.ts';
import type { TerminalViewer } from './live-terminal.ts';
import type { TerminalChange } from './terminal-changes.ts';
import { TerminalChanges } from './terminal-changes.ts';
import { pathFrom, TerminalFiles } from './terminal-files.ts';
import { TerminalLife, unknownTerminal } from './terminal-life.ts';
import type { TerminalLog } from './terminal-log.ts';
import type { TerminalRow } from './terminal-store.ts';
import { shownTerminal, TerminalStore } from './terminal-store.ts';
import { TerminalTokens } from './terminal-tokens.ts';
import { encodeFrame } from './terminal-words.ts';

/** Ended ones are looked through so often. */
const TRASH_EVERY_MS = 3_600_000;
const DAY_MS = 24 * 3_600_000;

export interface TerminalsOptions {
  db: Database;
  /** TORU_HOME */
  home: string;
  settings: Pick<Settings, 'env_allow' | 'trash_retention_days'>;
  users: Pick<Users, 'get'>;
  folders: Pick<Folders, 'context' | 'onRemoved'>;
  audit: Pick<Audit, 'record'>;
  /** What people are to be told of a terminal. */
  told: (notice: TerminalNotice, name: string) => void;
  log: Log;
  environment?: Readonly<Record<string, string | undefined>>;
  limits?: { graceMs?: number; cgroups?: boolean };
}

/** The terminals of this host, and who may do what with them. Their programs run in pty hosts, which outlive the agent. */
export class Terminals {
  readonly store: TerminalStore;
  readonly attention: Attention;
  /** What programs inside terminals show to speak for them. */
  readonly tokens: TerminalTokens;
  readonly #o: TerminalsOptions;
  readonly #changes: TerminalChanges;
  readonly #life: TerminalLife;
  readonly #files = new TerminalFiles();
  #trashTimer: NodeJS.Timeout | null = null;

  constructor(options: TerminalsOptions) {
    const { home, audit, log, limits } = options;
    this.#o = options;
    this.store = new TerminalStore(options.db);
    this.tokens = new TerminalTokens(home);
    this.#changes = new TerminalChanges(this.store);
    const launch = (row: TerminalRow): Launch => this.#launchOf(row);
    const attention = new Attention({
      db: options.db,
      changed: (id) => {
        const row = this.store.get(id);
        if (row !== null) this.#changes.tell(row);
      },
      told: (notice) => {
        const row = this.store.get(notice.terminal_id);
        if (row !== null && row.state !== 'ended') options.told(notice, row.name);
      },
    });
    this.attention = attention;
    this.#life = new TerminalLife({ home, store: this.store, changes: this.#changes, attention, audit, log, launchOf: launch, limits });
    options.folders.onRemoved((ids) => {
      for (const id of this.store.inFolders(ids)) this.#changes.update(id, { folder: null });
    });
  }

  /** At boot: takes up the terminals that are still there, and closes those that are not. */
  async start(): Promise<void> {
    await this.#life.start();
    const emptyTrash = inBackground('the trash of terminals could not be emptied', this.#o.log, () => this.#emptyTrash());
    emptyTrash();
    this.#trashTimer = setInterval(emptyTrash, TRASH_EVERY_MS).unref();
  }

  /** The terminals go on without the agent. */
  close(): void {
    if (this.#trashTimer !== null) clearTimeout(this.#trashTimer);
    this.#changes.close();
    this.#life.close();
  }

  /** How many are open, how many look at them, and how many of them can't be reached at the moment. */
  health(): { terminals: number; viewers: number; lost: number } {
    const lives = this.store.open().map(({ id }) => this.#life.known(id));
    return {
      terminals: lives.length,
      viewers: lives.reduce((sum, live) => sum + (live?.viewers.size ?? 0), 0),
      lost: lives.filter((live) => (live?.link ?? null) === null).length,
    };
  }

  onChange(listener: (change: TerminalChange) => void): () => void {
    return this.#changes.listen(listener);
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
    const launch = this.#launchOf(row);
    mkdirSync(this.folderOf(row.id), { recursive: true, mode: 0o700 });
    row.cgroup = await this.#life.makeCgroup();
    // The same request may have come again meanwhile.
    const twin = request_id === undefined ? null : this.store.byRequest(caller.user_id, request_id);
    if (twin !== null) {
      this.#life.discard(row);
      return this.shown(twin, 'admin');
    }
    this.store.insert(row);
    try {
      const opened = await this.#life.open(row, launch);
      const detail = { name: row.name, cwd: row.cwd, ...(row.command === null ? {} : { command: row.command.join(' ').slice(0, 500) }) };
      this.#o.audit.record({ event: 'terminal.open', caller, target: row.id, outcome: 'ok', detail });
      this.#changes.tell(opened);
      const { startup_command: typed } = preferences;
      if (typed !== undefined && row.command === null && opened.state === 'running')
        await this.#life.linkOf(opened).input(row.id, `${typed}\r`);
      return this.shown(opened, 'admin');
    } catch (error) {
      this.store.remove(row.id);
      this.#life.discard(row);
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
    const live = this.#life.known(row.id);
    const last = live?.lastOutputAt ?? row.last_output_at;
    return shownTerminal(
      { ...row, last_output_at: last },
      { viewers: live?.viewers.size ?? 0, attention: this.attention.of(row.id), right },
    );
  }

  /** Is it there, open or in the trash? */
  has(id: string): boolean {
    const state = this.store.get(id)?.state ?? 'starting';
    return state !== 'starting';
  }

  /** The log of a terminal; the caller has looked who reads it. @throws ToruError unknown_terminal */
  log(id: string): TerminalLog {
    return this.#life.liveOf(this.#row(id)).log;
  }

  /** How it ended, as the frames that its viewers get; null while it runs. */
  endFrames(id: string): string[] | null {
    const row = this.store.get(id);
    if (row === null || row.state !== 'ended') return null;
    return [encodeFrame({ type: 'exit', terminal_id: id, code: row.exit_code, signal: row.signal, reason: row.reason })];
  }

  /** The terminal's own folder: `log/`, `sizes` (a line `position cols rows` each), `modes`, `exit`. */
  folderOf(id: string): string {
    return this.#life.folderOf(id);
  }

  /** How many are attached to it now. */
  viewers(id: string): number {
    return this.#life.known(id)?.viewers.size ?? 0;
  }

  /** Who looks at it now. @returns leave. @throws ToruError unknown_terminal */
  view(
    caller: Caller,
    id: string,
    viewer: TerminalViewer,
  ): { terminal: Terminal; acked: () => void; changed: () => void; leave: () => void } {
    const { row, right } = this.#seen(caller, id);
    const live = this.#life.liveOf(row);
    viewer.types = right !== 'look';
    live.viewers.add(viewer);
    live.flow();
    this.attention.looked(id);
    this.#changes.tellSoon(id);
    const leave = (): void => {
      if (!live.viewers.delete(viewer)) return;
      live.chooseAnswerer();
      live.flow();
      this.#changes.tellSoon(id);
    };
    return { terminal: this.shown(row, right), acked: () => live.flow(), changed: () => live.chooseAnswerer(), leave };
  }

  /**
   * Types into it. @param answer the viewer's terminal says that to the program: no person typed it. @param typed called where a person
   * did, before the program has it: who typed answers what the program asks for that. @throws ToruError unknown_terminal, forbidden,
   * not_running, input_not_accepted when too much waits already.
   */
  async input(caller: Caller, id: string, data: string, by: { answer?: boolean | undefined; typed?: () => void } = {}): Promise<void> {
    const row = this.#typed(caller, id);
    const link = this.#life.linkOf(row);
    const byPerson = by.answer !== true || !isAnswer(data);
    if (byPerson) {
      by.typed?.();
      // What the program says to it wants attention again.
      this.attention.typed(id);
    }
    await link.input(id, data);
    if (!byPerson) return;
    const live = this.#life.known(id);
    if (live !== undefined) live.lastInputAt = Date.now();
    this.#changes.tellSoon(id);
  }

  /** Types what no person types. The caller has looked whether it may. @param entered its program has work now. @throws ToruError not_running, busy, input_not_accepted */
  async inject(id: string, data: string, entered: boolean): Promise<void> {
    const row = this.#running(id);
    await this.#life.linkOf(row).input(id, data);
    if (entered) this.attention.typed(id);
    this.#changes.tellSoon(id);
  }

  /** When it printed last, and when a person typed last as far as this agent knows. In ms since 1970. @throws ToruError unknown_terminal */
  times(id: string): { output: number; person: number | null } {
    const row = this.#row(id);
    const live = this.#life.liveOf(row);
    return {
      output: live.lastOutputAt ?? live.log.writtenAt ?? row.last_output_at ?? row.created_at,
      person: live.lastInputAt ?? row.last_input_at,
    };
  }

  /** @throws ToruError unknown_terminal, forbidden, not_running */
  async resize(caller: Caller, id: string, cols: number, rows: number): Promise<void> {
    const row = this.#typed(caller, id);
    if (row.cols === cols && row.rows === rows) return;
    await this.#life.linkOf(row).resize(id, cols, rows);
    this.#changes.update(id, { cols, rows });
    this.#life.known(id)?.resized(cols, rows);
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
      this.#changes.update(id, change);
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
    this.#changes.update(id, { state: 'suspended', frozen });
    this.#o.audit.record({ event: 'terminal.suspend', caller, target: id, outcome: 'ok', detail: { name: row.name, frozen } });
    for (const viewer of [...(this.#life.known(id)?.viewers ?? [])]) viewer.leave();
    return this.get(caller, id);
  }

  /** @throws ToruError not_running */
  resume(caller: Caller, id: string): Terminal {
    const row = this.#running(id);
    if (row.cgroup !== null) thaw(row.cgroup);
    this.#changes.update(id, { state: 'running', frozen: false });
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
      this.#life.forget(id);
      this.#o.audit.record({ event: 'terminal.remove', caller, target: id, outcome: 'ok', detail: { name } });
      return;
    }
    this.#o.audit.record({ event: 'terminal.close', caller, target: id, outcome: 'ok', detail: { name } });
    await this.#life.end(row);
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
    const launch = this.#launchOf(row);
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

  /** Stores a file in the folder of the terminal's program, or `path` from there. @throws as `TerminalFiles.put`, and as `input` */
  async putFile(
    caller: Caller,
    id: string,
    { name: file, path, overwrite }: { name: string; path?: string | undefined; overwrite: boolean },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<TerminalFile> {
    const row = this.#typed(caller, id);
    const stored = await this.#files.put(caller.user_id, { folder: this.#pathIn(row, path ?? '.'), name: file, overwrite }, body);
    const detail = { name: row.name, path: stored.path, bytes: stored.size, ...(overwrite ? { overwrite } : {}) };
    this.#o.audit.record({ event: 'terminal.upload', caller, target: id, outcome: 'ok', detail });
    return stored;
  }

  /** A file as a download. @throws as `TerminalFiles.get`, and as `input` */
  async getFile(caller: Caller, id: string, path: string): Promise<Response> {
    const row = this.#typed(caller, id);
    const file = this.#pathIn(row, path);
    const { response, size } = await this.#files.get(file);
    this.#o.audit.record({
      event: 'terminal.download',
      caller,
      target: id,
      outcome: 'ok',
      detail: { name: row.name, path: file, bytes: size },
    });
    return response;
  }

  #pathIn(row: TerminalRow, path: string): string {
    const home = loginEnvironment(this.#o.environment ?? process.env)['HOME'] ?? '/';
    return pathFrom((row.pid === null ? null : folderOfProcess(row.pid)) ?? row.cwd, home, path);
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
    const live = this.#life.known(id);
    for (const viewer of [...(live?.viewers ?? [])].filter(({ user_id }) => user_id === userId)) {
      viewer.types = right === 'type';
      if (right === null) viewer.leave();
    }
    live?.chooseAnswerer();
    this.#changes.tell(row);
  }

  #launchOf(row: TerminalRow): Launch {
    const { home, environment = process.env, settings } = this.#o;
    return launchOf(row, { home, environment, env_allow: settings.env_allow, tokens: this.tokens });
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
      boot: this.#life.boot,
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

  #emptyTrash(): void {
    const days = this.#o.settings.trash_retention_days;
    if (days === 0) return;
    for (const id of this.store.endedBefore(Date.now() - days * DAY_MS)) this.#life.forget(id);
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
}
