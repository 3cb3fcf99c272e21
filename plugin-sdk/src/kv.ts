import type { Calls } from './calls.ts';
import { HostError } from './calls.ts';
import type { Json, KvEntry } from './protocol.ts';

/** What is kept for this plugin on the host: JSON values by key, over restarts and updates, reached by no other plugin. */
export interface Kv {
  /** @returns undefined when it is not there. */
  get(key: string): Promise<Json | undefined>;
  /** The value with its version and the time it expires. Null when it is not there. */
  entry(key: string): Promise<KvEntry | null>;
  /**
   * @param options.ttl seconds until it is gone by itself.
   * @returns its new version.
   */
  set(key: string, value: Json, options?: { ttl?: number }): Promise<number>;
  /** @returns whether it was there. */
  delete(key: string): Promise<boolean>;
  /** In order of keys. `next`: give it as `after` to go on; null at the end. */
  list(options?: KvListing): Promise<{ entries: KvEntry[]; next: string | null }>;
  /**
   * Sets it only if nobody changed it meanwhile.
   * @param version as `entry` told it; 0: only if it is not there.
   * @returns its new version, or null when it is another one now: read it again, and try again.
   */
  compareAndSet(key: string, version: number, value: Json, options?: { ttl?: number }): Promise<number | null>;
}

export interface KvListing {
  /** Only keys that begin so. */
  prefix?: string;
  /** Only keys behind this one. */
  after?: string;
  limit?: number;
  /** False: keys alone, their values null. */
  values?: boolean;
}

/** All methods throw HostError: `too_large`, `quota_exceeded`, … */
export function kvOf(calls: Calls): Kv {
  const store = async (key: string, value: Json, ttl?: number, version?: number): Promise<number> => {
    const answer = await calls.kv({
      action: 'set',
      key,
      value,
      ...(ttl === undefined ? {} : { ttl_s: ttl }),
      ...(version === undefined ? {} : { if_version: version }),
    });
    return answer.action === 'stored' ? answer.version : unexpected(answer.action);
  };
  const entry = async (key: string): Promise<KvEntry | null> => {
    const answer = await calls.kv({ action: 'get', key });
    return answer.action === 'value' ? answer.entry : unexpected(answer.action);
  };
  return {
    get: async (key) => (await entry(key))?.value,
    entry,
    set: (key, value, options) => store(key, value, options?.ttl),
    delete: async (key) => {
      const answer = await calls.kv({ action: 'delete', key });
      return answer.action === 'deleted' ? answer.existed : unexpected(answer.action);
    },
    list: async (options = {}) => {
      const answer = await calls.kv({ action: 'list', ...options });
      return answer.action === 'entries' ? { entries: answer.entries, next: answer.next } : unexpected(answer.action);
    },
    compareAndSet: async (key, version, value, options) => {
      try {
        return await store(key, value, options?.ttl, version);
      } catch (error) {
        if (error instanceof HostError && error.code === 'conflict') return null;
        throw error;
      }
    },
  };
}

function unexpected(action: string): never {
  throw new HostError({ code: 'internal', message: `Toru answered “${action}”, which is no answer to that.` });
}
