import type { PageJson } from '../../../plugin-sdk/src/page.ts';
import { isRecord } from '../guards.ts';
import type { Ask, FromFrame } from './frame-messages.ts';

/** Null for something that can't be asked, by somebody who waits for an answer. */
type Heard = Exclude<FromFrame, { type: 'ask' }> | { type: 'ask'; id: number; ask: Ask | null };

/** A message of a plugin's frame, taken apart and made again: anything else that it holds stays behind. Null for a value that is no message. */
export function asMessage(data: unknown): Heard | null {
  if (!isRecord(data)) return null;
  switch (data['type']) {
    case 'ask':
      return isId(data['id']) ? { type: 'ask', id: data['id'], ask: asAsk(data['ask']) } : null;
    case 'abort':
      return isId(data['id']) ? { type: 'abort', id: data['id'] } : null;
    case 'toast': {
      const { text, kind } = data;
      if (typeof text !== 'string' || (kind !== 'info' && kind !== 'success' && kind !== 'error')) return null;
      return { type: 'toast', text, kind };
    }
    case 'open_page':
      return { type: 'open_page' };
    case 'height':
      return typeof data['px'] === 'number' && Number.isFinite(data['px']) ? { type: 'height', px: data['px'] } : null;
    default:
      return null;
  }
}

const METHODS: ReadonlySet<unknown> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

function asAsk(ask: unknown): Ask | null {
  if (!isRecord(ask)) return null;
  const { method, key, prefix, value, path, init } = ask;
  switch (method) {
    case 'kv.get':
    case 'kv.delete':
      return typeof key === 'string' ? { method, key } : null;
    case 'kv.set':
      return typeof key === 'string' && isJson(value) ? { method, key, value } : null;
    case 'kv.list':
      return typeof prefix === 'string' ? { method, prefix } : null;
    case 'fetch': {
      if (typeof path !== 'string' || !isRecord(init)) return null;
      const { headers, body } = init;
      if (typeof init['method'] !== 'string' || !METHODS.has(init['method']) || !isHeaders(headers)) return null;
      if (body !== null && typeof body !== 'string' && !(body instanceof ArrayBuffer)) return null;
      return { method, path, init: { method: init['method'], headers, body } };
    }
    default:
      return null;
  }
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isHeaders(value: unknown): value is [string, string][] {
  const isText = (part: unknown): boolean => typeof part === 'string';
  return (
    Array.isArray(value) && value.length <= 40 && value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText))
  );
}

/** As far as structured clones go: what JSON can't say is dropped when it is sent on. */
function isJson(value: unknown): value is PageJson {
  return value !== undefined;
}
