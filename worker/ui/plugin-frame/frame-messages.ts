import type { PageJson, PageTheme } from '../../../plugin-sdk/src/page.ts';
import type { PluginSlot } from '../../../shared/plugins.ts';

/** The messages between a plugin's frame and the page, over a MessagePort that only these two hold. */

/** Something that is asked of the page, and answered. */
export type Ask =
  | { method: 'fetch'; path: string; init: { method: string; headers: [string, string][]; body: string | ArrayBuffer | null } }
  | { method: 'kv.get'; key: string }
  | { method: 'kv.set'; key: string; value: PageJson }
  | { method: 'kv.delete'; key: string }
  | { method: 'kv.list'; prefix: string };

export type FromFrame =
  | { type: 'ask'; id: number; ask: Ask }
  /** Nobody waits for the answer any more. */
  | { type: 'abort'; id: number }
  | { type: 'toast'; text: string; kind: 'info' | 'success' | 'error' }
  | { type: 'open_page' }
  /** The height of what is drawn, in CSS pixels. */
  | { type: 'height'; px: number };

/** The answer to `fetch`. */
export interface Fetched {
  status: number;
  headers: [string, string][];
  body: ArrayBuffer;
}

export interface Mounting {
  type: 'mount';
  /** The plugin's JavaScript. */
  bundle: string;
  plugin: string;
  slot: PluginSlot;
  user: { username: string; role: 'admin' | 'client' };
  theme: PageTheme;
}

export type ToFrame =
  | Mounting
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'refused'; id: number; code: string; message: string }
  | { type: 'event'; name: string; data: PageJson }
  | { type: 'theme'; theme: PageTheme };
