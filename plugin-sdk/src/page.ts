/**
 * What a plugin's page gets. Its bundle is one JavaScript module that exports a function by default:
 *
 * @example
 * export default function mount(root, toru) {
 *   root.textContent = `Hello, ${toru.user.username}`;
 * }
 *
 * It runs in a frame of its own without network, cookies or storage: everything it needs comes through this bridge.
 */
export type Mount = (root: HTMLElement, toru: PageBridge) => void | Promise<void>;

export interface PageBridge {
  /** The plugin's id. */
  readonly plugin: string;
  /** Where it stands: on a page of its own, or as a card on the home page. */
  readonly slot: 'page' | 'card';
  readonly user: { readonly username: string; readonly role: 'admin' | 'client' };
  /** What the host page looks like. The same colours are set as CSS custom properties (`--paper`, `--ink`, …) on the frame's root. */
  readonly theme: PageTheme;
  /** To the plugin's own routes: `toru.fetch('/now')`. Bodies whole, at most 16 MiB; for larger ones let the plugin answer in parts. */
  fetch(path: string, init?: PageFetchInit): Promise<Response>;
  /** The plugin's storage, as far as the manifest's `page.kv` grants it; else its calls reject with `forbidden`. */
  readonly kv: PageKv;
  /** What the plugin publishes. @returns stops listening. */
  on(event: string, listener: (data: PageJson) => void): () => void;
  /** The host page changed between light and dark. @returns stops listening. */
  onTheme(listener: (theme: PageTheme) => void): () => void;
  /** One line at the edge of the host page, for a few seconds. */
  toast(text: string, kind?: 'info' | 'success' | 'error'): void;
  /** From a card: to the plugin's page. Only for a person who has just pressed something. */
  openPage(): void;
}

export type PageJson = null | boolean | number | string | PageJson[] | { [key: string]: PageJson };

export interface PageTheme {
  readonly scheme: 'light' | 'dark';
  /** CSS custom properties by name, with their two hyphens. */
  readonly colors: Readonly<Record<string, string>>;
}

export interface PageFetchInit {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  body?: string | ArrayBuffer | Uint8Array;
  signal?: AbortSignal;
}

export interface PageKv {
  /** @returns undefined when it is not there. */
  get(key: string): Promise<PageJson | undefined>;
  set(key: string, value: PageJson): Promise<void>;
  delete(key: string): Promise<void>;
  list(prefix?: string): Promise<{ key: string; value: PageJson }[]>;
}
