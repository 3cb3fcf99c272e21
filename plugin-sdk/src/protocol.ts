/**
 * What Toru's agent and a plugin say to each other: one JSON object a line over a Unix socket. These types are the
 * protocol; docs/plugin-protocol.md tells it to whoever writes in another language.
 *
 * The agent makes the socket and starts the plugin with one line of JSON on its standard input (`Launch`). The plugin
 * connects, says `hello` with the token, is told `init`, and says `ready`. After that either side speaks when it likes;
 * answers carry the `request_id` of what they answer and come in any order.
 */

/** The versions of this protocol that this file describes. */
export const PROTOCOL_RANGE = { min: 1, max: 1 } as const;

/** Bytes of one line without its newline. A longer one ends the connection. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A request's body up to this comes whole in its `request`; a longer one, or one of unknown length, as a stream. */
export const MAX_INLINE_BODY = 64 * 1024;
/** Bytes of a streamed body in one `data` message, before base64. */
export const MAX_BODY_CHUNK = 64 * 1024;
/** Each body may be so many bytes ahead of the credit that its receiver gave. */
export const BODY_WINDOW = 1024 * 1024;

/** The one line on a plugin's standard input. After it, the end of the input means that the agent is gone. */
export interface Launch {
  plugin: string;
  /** The Unix socket to connect to. */
  socket: string;
  /** To be said in `hello`; of this launch only. Keep it out of logs. */
  token: string;
}

export interface Message<Type extends string, Payload> {
  type: Type;
  /** ISO 8601, UTC. For the reader of a transcript; nothing depends on it. */
  timestamp: string;
  /** 1–64 of A–Z a–z 0–9 - _. Names a request among those of the side that asked. */
  request_id: string;
  payload: Payload;
}

/** Anything that JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A person's answers to the manifest's `settings`, by name; those with a default are always there. */
export type Settings = Record<string, string | number | boolean>;

/** Refusals and failures, in both directions. `message` is for a person. */
export interface Failure {
  action: 'error';
  code: FailureCode;
  message: string;
}
export type FailureCode =
  /** The message can't be understood. */
  | 'bad_message'
  /** No such key, run or route. */
  | 'not_found'
  /** `if_version` does not hold. */
  | 'conflict'
  /** A key, value or message is larger than allowed. */
  | 'too_large'
  /** This plugin's storage is full. */
  | 'quota_exceeded'
  /** The manifest does not ask for this, or the owner did not grant it. */
  | 'forbidden'
  /** Too many at once. Try again later. */
  | 'busy'
  /** The other side gave up. */
  | 'cancelled'
  | 'internal';

// lifecycle

/** Plugin → agent, first message, within 5 s of its start. `protocol`: what the plugin speaks. */
export interface Hello {
  action: 'hello';
  token: string;
  protocol: { min: number; max: number };
}
/** Agent → plugin, the answer to `hello`. */
export interface Init {
  action: 'init';
  /** The version both will speak: the newest in both ranges. */
  protocol: number;
  plugin: string;
  /** This Toru's lasting identity, the same for every plugin and every start. */
  instance_id: string;
  /** Version of Toru. */
  toru_version: string;
  socket_path: string;
  /** Where this plugin's log lines go. Read it if you like; write by `log` or standard output. */
  log_path: string;
  settings: Settings;
  kv: { quota_bytes: number; max_value_bytes: number; max_key_bytes: number };
}
/** Agent → plugin instead of `init`; the connection ends. */
export interface Refused {
  action: 'refused';
  code: 'bad_token' | 'protocol' | 'bad_message';
  message: string;
}
/** Plugin → agent, within 10 s of `init`: requests may come. */
export interface Ready {
  action: 'ready';
}
/** Agent → plugin every 30 s. Three unanswered in a row, and the plugin is restarted. */
export interface Ping {
  action: 'ping';
}
export interface Pong {
  action: 'pong';
}
/** Agent → plugin: a person changed the settings. */
export interface SettingsChanged {
  action: 'settings';
  settings: Settings;
}
/** Agent → plugin: finish what is under way and exit. After `grace_ms` come TERM and KILL. */
export interface Shutdown {
  action: 'shutdown';
  reason: 'disabled' | 'restart' | 'agent_stopping' | 'uninstalled';
  grace_ms: number;
}

// http

/** Who asks. Not a header, so nobody can forge it. */
export interface Asker {
  id: string;
  username: string;
  role: 'admin' | 'client';
}

/** A body in one piece: text, or base64 where it is not UTF-8. */
export interface InlineBody {
  body: string;
  encoding?: 'utf8' | 'base64';
}

/** Agent → plugin. Without `body` and `stream` there is none. */
export interface HttpRequest extends Partial<InlineBody> {
  action: 'request';
  method: string;
  /** Below the plugin's own prefix: `/api/plugins/weather/now` arrives as `/now`. Percent-encoding is kept. */
  path: string;
  /** With its `?`, or empty. */
  query: string;
  /** Names in small letters. No cookies, no hop-by-hop headers, nothing that tells of the session. */
  headers: [name: string, value: string][];
  user: Asker;
  /** The body follows in `data` messages. */
  stream?: true;
}
/** Plugin → agent. With `stream: true` the body follows in `data` messages, else the answer is complete. */
export interface HttpResponse extends Partial<InlineBody> {
  action: 'response';
  status: number;
  headers?: [name: string, value: string][];
  stream?: true;
}
/** Both ways: a piece of the body, in base64, at most MAX_BODY_CHUNK bytes. */
export interface HttpData {
  action: 'data';
  data: string;
}
/** Both ways: the body is complete. */
export interface HttpEnd {
  action: 'end';
}
/** Both ways, to the sender of a body: so many bytes more may come. Each body begins with BODY_WINDOW. */
export interface HttpCredit {
  action: 'credit';
  bytes: number;
}
/** Agent → plugin: whoever asked has left, or waited too long. No answer is expected. */
export interface HttpCancel {
  action: 'cancel';
}

// kv: the plugin asks, the agent answers

export type KvRequest =
  | { action: 'get'; key: string }
  /** `if_version`: only if this is its version now; 0 = only if it is not there. `ttl_s`: gone after so many seconds. */
  | { action: 'set'; key: string; value: Json; ttl_s?: number; if_version?: number }
  | { action: 'delete'; key: string; if_version?: number }
  /** In order of keys; `after`: continue behind this key. */
  | { action: 'list'; prefix?: string; after?: string; limit?: number; values?: boolean };

export interface KvEntry {
  key: string;
  value: Json;
  /** Raised by every change of this key. */
  version: number;
  /** ISO 8601, or null: kept. */
  expires_at: string | null;
}
export type KvAnswer =
  /** Of `get`: null when it is not there. */
  | { action: 'value'; entry: KvEntry | null }
  | { action: 'stored'; version: number }
  | { action: 'deleted'; existed: boolean }
  | { action: 'entries'; entries: KvEntry[]; next: string | null }
  | Failure;

// log, event, run

/** Plugin → agent, no answer: a line of the plugin's log. */
export interface LogLine {
  action: 'line';
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  error?: string;
  fields?: { [key: string]: Json };
}
/** Plugin → agent, no answer: to everybody who has this plugin's page or card open. At most 64 KiB. */
export interface PublishEvent {
  action: 'publish';
  name: string;
  data: Json;
}
/** Plugin → agent: start one of the actions that the manifest's `capabilities.run` names. */
export interface RunStart {
  action: 'start';
  /** The quick action's id. */
  run: string;
  inputs?: Record<string, string | number | boolean>;
}
export type RunAnswer =
  | { action: 'started'; task_id: string }
  /** Same `request_id`, once, when the run is over. */
  | { action: 'ended'; task_id: string; state: string; exit_code: number | null }
  | Failure;

/** What a plugin receives. */
export type ToPlugin =
  | Message<'lifecycle', Init | Refused | Ping | SettingsChanged | Shutdown>
  | Message<'http', HttpRequest | HttpData | HttpEnd | HttpCredit | HttpCancel>
  | Message<'kv', KvAnswer>
  | Message<'run', RunAnswer>;

/** What a plugin says. */
export type FromPlugin =
  | Message<'lifecycle', Hello | Ready | Pong>
  | Message<'http', HttpResponse | HttpData | HttpEnd | HttpCredit | Failure>
  | Message<'kv', KvRequest>
  | Message<'log', LogLine>
  | Message<'event', PublishEvent>
  | Message<'run', RunStart>;
