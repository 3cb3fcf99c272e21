import type { FromPlugin, ToPlugin } from './protocol.ts';

/** The shape of every message, as data: what a field holds, `?` after it when it may be left out. As protocol.ts has them. */
type Kind = 'string' | 'number' | 'boolean' | 'object' | 'headers' | 'json';
type Fields = Readonly<Record<string, Kind | `${Kind}?`>>;
type Shapes = Readonly<Record<string, Readonly<Record<string, Fields>>>>;

const BODY = { body: 'string?', encoding: 'string?', stream: 'boolean?' } as const;
const FAILURE = { code: 'string', message: 'string' } as const;
const STREAMING = { data: { data: 'string' }, end: {}, credit: { bytes: 'number' } } as const;

const TO_PLUGIN: Shapes = {
  lifecycle: {
    init: {
      protocol: 'number',
      plugin: 'string',
      instance_id: 'string',
      toru_version: 'string',
      socket_path: 'string',
      log_path: 'string',
      settings: 'object',
      kv: 'object',
    },
    refused: FAILURE,
    ping: {},
    settings: { settings: 'object' },
    shutdown: { reason: 'string', grace_ms: 'number' },
  },
  http: {
    request: { method: 'string', path: 'string', query: 'string', headers: 'headers', user: 'object', ...BODY },
    ...STREAMING,
    cancel: {},
  },
  kv: {
    value: { entry: 'json' },
    stored: { version: 'number' },
    deleted: { existed: 'boolean' },
    entries: { entries: 'json', next: 'json' },
    error: FAILURE,
  },
  run: {
    started: { task_id: 'string' },
    ended: { task_id: 'string', state: 'string', exit_code: 'json' },
    error: FAILURE,
  },
};

const FROM_PLUGIN: Shapes = {
  lifecycle: { hello: { token: 'string', protocol: 'object' }, ready: {}, pong: {} },
  http: { response: { status: 'number', headers: 'headers?', ...BODY }, ...STREAMING, error: FAILURE },
  kv: {
    get: { key: 'string' },
    set: { key: 'string', value: 'json', ttl_s: 'number?', if_version: 'number?' },
    delete: { key: 'string', if_version: 'number?' },
    list: { prefix: 'string?', after: 'string?', limit: 'number?', values: 'boolean?' },
  },
  log: { line: { level: 'string', message: 'string', error: 'string?', fields: 'object?' } },
  event: { publish: { name: 'string', data: 'json' } },
  run: { start: { run: 'string', inputs: 'object?' } },
};

/** The names of all messages, `type action`. */
export const MESSAGES = { toPlugin: namesOf(TO_PLUGIN), fromPlugin: namesOf(FROM_PLUGIN) };

function namesOf(shapes: Shapes): string[] {
  return Object.entries(shapes).flatMap(([type, actions]) => Object.keys(actions).map((action) => `${type} ${action}`));
}

/**
 * Is this a message that a plugin may get? A Toru that is newer than this file may say more in one: that is left alone.
 * @returns what is wrong with it, or the message.
 */
export function readToPlugin(line: string): ToPlugin | string {
  const value = parse(line);
  return isToPlugin(value) ? value : (problemOf(value, TO_PLUGIN) ?? '');
}

/** Is this a message that a plugin may send? A field that nobody knows is a mistake of its author. @returns what is wrong with it, or the message. */
export function readFromPlugin(line: string): FromPlugin | string {
  const value = parse(line);
  return isFromPlugin(value) ? value : (problemOf(value, FROM_PLUGIN, true) ?? '');
}

function isToPlugin(value: unknown): value is ToPlugin {
  return problemOf(value, TO_PLUGIN) === null;
}

function isFromPlugin(value: unknown): value is FromPlugin {
  return problemOf(value, FROM_PLUGIN, true) === null;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function problemOf(value: unknown, shapes: Shapes, complete = false): string | null {
  if (value === undefined) return 'it is not JSON';
  if (!isObject(value)) return 'it is not a JSON object';
  const { type, timestamp, request_id: id, payload } = value;
  const kinds = typeof type === 'string' && Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  if (kinds === undefined) return `“type” is none of ${Object.keys(shapes).join(', ')}`;
  if (typeof timestamp !== 'string') return '“timestamp” is not a string';
  if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id)) return '“request_id” is not 1–64 of A–Z a–z 0–9 - _';
  if (!isObject(payload)) return '“payload” is not an object';
  const action = payload['action'];
  const fields = typeof action === 'string' && Object.hasOwn(kinds, action) ? kinds[action] : undefined;
  if (fields === undefined) return `“payload.action” of ${type} is none of ${Object.keys(kinds).join(', ')}`;
  for (const [name, kind] of Object.entries(fields)) {
    const given = payload[name];
    if (given === undefined ? !kind.endsWith('?') : !fits(given, kind)) return `“payload.${name}” is not ${kind.replace('?', '')}`;
  }
  if (!complete) return null;
  const unknown = Object.keys(payload).find((name) => name !== 'action' && !Object.hasOwn(fields, name));
  return unknown === undefined ? null : `“payload.${unknown}” is not known in ${type} ${action}`;
}

function fits(value: unknown, kind: string): boolean {
  const plain = kind.replace('?', '');
  if (plain === 'json') return true;
  if (plain === 'object') return isObject(value);
  if (plain !== 'headers') return typeof value === plain;
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string'))
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
