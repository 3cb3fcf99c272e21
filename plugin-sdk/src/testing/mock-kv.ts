import type { Json, KvAnswer, KvEntry, KvRequest } from '../protocol.ts';

interface Stored {
  value: Json;
  version: number;
  expires: number | null;
}

/** The limits that `init` tells, as Toru has them. */
export const KV_LIMITS = { quota_bytes: 16 * 1024 * 1024, max_value_bytes: 256 * 1024, max_key_bytes: 512 } as const;
const MOST_ENTRIES = 1000;

/** A plugin's storage in memory, for tests: what they put in and look at, beside what the plugin does. */
export class MockKv {
  readonly #stored = new Map<string, Stored>();

  /** @returns undefined when it is not there. */
  get(key: string): Json | undefined {
    return this.#alive(key)?.value;
  }

  set(key: string, value: Json): void {
    this.#stored.set(key, { value, version: (this.#stored.get(key)?.version ?? 0) + 1, expires: null });
  }

  /** In order. */
  keys(): string[] {
    return [...this.#stored.keys()].filter((key) => this.#alive(key) !== undefined).sort(byBytes);
  }

  /** @returns what Toru would answer. */
  answer(request: KvRequest): KvAnswer {
    switch (request.action) {
      case 'get':
        return { action: 'value', entry: this.#entry(request.key) };
      case 'set': {
        const { key, value, ttl_s: ttl, if_version: expected } = request;
        if (key === '' || Buffer.byteLength(key) > KV_LIMITS.max_key_bytes)
          return refuse('too_large', `A key has 1 to ${KV_LIMITS.max_key_bytes} bytes.`);
        const size = Buffer.byteLength(JSON.stringify(value));
        if (size > KV_LIMITS.max_value_bytes) return refuse('too_large', `A value has at most ${KV_LIMITS.max_value_bytes} bytes as JSON.`);
        const version = this.#alive(key)?.version ?? 0;
        if (expected !== undefined && expected !== version) return refuse('conflict', `“${key}” has version ${version}.`);
        const expires = ttl === undefined ? null : Date.now() + ttl * 1000;
        this.#stored.set(key, { value, version: version + 1, expires });
        return { action: 'stored', version: version + 1 };
      }
      case 'delete': {
        const version = this.#alive(request.key)?.version ?? 0;
        if (request.if_version !== undefined && request.if_version !== version)
          return refuse('conflict', `“${request.key}” has version ${version}.`);
        this.#stored.delete(request.key);
        return { action: 'deleted', existed: version > 0 };
      }
      case 'list': {
        const { prefix = '', after, limit = 100, values = true } = request;
        const keys = this.keys().filter((key) => key.startsWith(prefix) && (after === undefined || byBytes(key, after) > 0));
        const page = keys.slice(0, Math.min(limit, MOST_ENTRIES));
        const entries = page.flatMap((key) => this.#entry(key) ?? []);
        return {
          action: 'entries',
          entries: values ? entries : entries.map((entry) => ({ ...entry, value: null })),
          next: keys.length > page.length ? (page.at(-1) ?? null) : null,
        };
      }
      default:
        return refuse('bad_message', 'This kv action is not known.');
    }
  }

  #entry(key: string): KvEntry | null {
    const stored = this.#alive(key);
    if (stored === undefined) return null;
    const { value, version, expires } = stored;
    return { key, value, version, expires_at: expires === null ? null : new Date(expires).toISOString() };
  }

  #alive(key: string): Stored | undefined {
    const stored = this.#stored.get(key);
    return stored === undefined || (stored.expires !== null && stored.expires <= Date.now()) ? undefined : stored;
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function refuse(code: 'too_large' | 'conflict' | 'bad_message', message: string): KvAnswer {
  return { action: 'error', code, message };
}
