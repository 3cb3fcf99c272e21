import type {
  ActionCreate,
  ActionPatch,
  AuditQuery,
  RunSearchQuery,
  RunsQuery,
  SearchQuery,
  SettingsPatch,
  UserCreate,
  UserPatch,
} from '../../shared/api.ts';
import type {
  Action,
  AuditEntry,
  AuditVerification,
  ClientAction,
  List,
  LoginLink,
  Run,
  RunSource,
  RunState,
  Script,
  Settings,
  System,
  User,
} from '../../shared/model.ts';
import type { PluginDetails, PluginLogLine, PluginManifest, PluginSummary } from '../../shared/plugins.ts';
import type { PluginSettingsPatch } from '../../shared/plugins-api.ts';
import type { SearchLine } from '../../shared/search.ts';
import type { PluginPeer } from '../plugins/protocol/peer.ts';
import type { HttpService } from '../plugins/services/http-service.ts';
import type { PluginKv } from '../plugins/services/kv-store.ts';
import type { Caller } from '../users/caller.ts';

/** What the API needs of each room of the agent: the smallest seam, so that a test may bring its own. */
export interface Rooms {
  scripts: ScriptsRoom;
  actions: ActionsRoom;
  runs: RunsRoom;
  search: SearchRoom;
  system: SystemRoom;
  settings: SettingsRoom;
  users: UsersRoom;
  loginLinks: LoginLinksRoom;
  hostKey: HostKeyRoom;
  audit: AuditRoom;
  plugins: PluginsRoom;
  pluginHttp: Pick<HttpService, 'ask'>;
  pluginKv: PluginKv;
  log: ApiLog;
}

export interface ScriptsRoom {
  list(): Promise<Script[]>;
}

export interface ActionsRoom {
  list(caller: Caller): Promise<(Action | ClientAction)[]>;
  /** @throws ToruError unknown_action, also for one that the caller may not use. */
  view(caller: Caller, id: string): Promise<Action | ClientAction>;
  create(caller: Caller, fields: ActionCreate): Promise<Action>;
  update(caller: Caller, id: string, patch: ActionPatch): Promise<Action>;
  remove(caller: Caller, id: string): void;
  reorder(caller: Caller, ids: readonly string[]): void;
}

/** What is asked of `runs.start`: an action with inputs, or a script with arguments. */
export interface StartRequest {
  action?: string | undefined;
  script?: string | undefined;
  inputs?: Record<string, unknown> | undefined;
  args?: string[] | undefined;
  request_id?: string | undefined;
  not_after?: string | undefined;
  source: RunSource;
}

export interface RunsRoom {
  start(caller: Caller, request: StartRequest): Promise<{ task_id: string; state: RunState }>;
  cancel(caller: Caller, task_id: string): Promise<void>;
  /** @param eof the run's input ends after `data`. @throws ToruError as `get`, not_running, input_not_accepted. */
  input(caller: Caller, task_id: string, data: string, eof: boolean): Promise<void>;
  /** @param note '' takes it away. @throws ToruError unknown_task as `get`. */
  annotate(caller: Caller, task_id: string, note: string): Promise<void>;
  /** @throws ToruError unknown_task for a missing and for a foreign run alike. */
  get(caller: Caller, task_id: string): Run;
  list(caller: Caller, query: RunsQuery): List<Run>;
  log(task_id: string): OutputLog;
}

/** A run's output, as far as a reader needs it. Cursors are positions in the merged stream. */
export interface OutputLog {
  readonly start: number;
  readonly end: number;
  readonly finished: boolean;
  read(from: number, maxBytes: number): Promise<OutputChunk[]>;
  onGrow(listener: () => void): () => void;
}

export interface OutputChunk {
  stream: 'stdout' | 'stderr';
  bytes: Uint8Array;
  from: number;
  to: number;
}

export interface SearchRoom {
  /** Errors come with the first line. Ends by `signal`, or when it is returned from. */
  all(caller: Caller, query: SearchQuery, signal: AbortSignal): AsyncGenerator<SearchLine, void, undefined>;
  within(caller: Caller, task_id: string, query: RunSearchQuery, signal: AbortSignal): AsyncGenerator<SearchLine, void, undefined>;
}

export interface SystemRoom {
  snapshot(): Promise<System>;
}

export interface SettingsRoom {
  all(): Settings;
  update(patch: SettingsPatch, caller: Caller): Settings | Promise<Settings>;
}

export interface UsersRoom {
  list(): User[];
  get(id: string): User | null;
  create(fields: UserCreate, caller: Caller): Promise<User>;
  update(id: string, patch: UserPatch, caller: Caller): Promise<User>;
  remove(id: string, caller: Caller): void | Promise<void>;
}

export interface LoginLinksRoom {
  make(caller: Caller, username: string | undefined): LoginLink;
}

export interface HostKeyRoom {
  /** @throws ToruError forbidden but at the local socket. */
  rotate(caller: Caller): string;
}

export interface AuditRoom {
  list(query: AuditQuery): List<AuditEntry>;
  verify(): Promise<AuditVerification['chains']>;
  /** Lines of JSON, oldest first. */
  export(): AsyncGenerator<string>;
  record(refused: { event: 'request.refused'; caller: Caller; target: string; outcome: 'refused'; detail: { code: string } }): void;
}

export interface PluginsRoom {
  /** Those that the caller may know of. */
  list(caller: Caller): PluginSummary[];
  /** Details for admins. @throws ToruError unknown_plugin, also for one that the caller may not know of. */
  view(caller: Caller, id: string): PluginSummary | PluginDetails;
  /** @throws ToruError unknown_plugin, plugin_changed (`extra.sha256`: what is there now), plugin_invalid. */
  enable(caller: Caller, id: string, accepted: { sha256?: string | undefined }): Promise<PluginDetails>;
  disable(caller: Caller, id: string): Promise<PluginDetails>;
  updateSettings(caller: Caller, id: string, patch: PluginSettingsPatch): Promise<PluginDetails>;
  rescan(): Promise<void>;
  /** Of a folder or an archive of this machine, at the local socket only. @throws ToruError not_found, plugin_invalid, conflict, forbidden. */
  install(caller: Caller, path: string): Promise<PluginDetails>;
  uninstall(caller: Caller, id: string, options: { data: 'keep' | 'remove' }): Promise<void>;
  bundle(caller: Caller, id: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; etag: string }>;
  /** The manifest as it was accepted, of one that is enabled. @throws ToruError unknown_plugin, plugin_down. */
  manifestFor(caller: Caller, id: string): PluginManifest;
  /** The running plugin for this request. @throws ToruError unknown_plugin, forbidden (this route), plugin_down. */
  peer(caller: Caller, id: string, method: string, path: string): PluginPeer;
  /** Oldest first, the last `limit` before `before`. */
  readLog(caller: Caller, id: string, options: { limit: number; before?: string | undefined }): Promise<PluginLogLine[]>;
  /** @returns what ends it. */
  followLog(id: string, listener: (line: PluginLogLine) => void): () => void;
}

export interface ApiLog {
  error(detail: Record<string, unknown>, message: string): void;
}
