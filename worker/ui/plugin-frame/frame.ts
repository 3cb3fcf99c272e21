import type { PageBridge, PageFetchInit, PageJson, PageTheme } from '../../../plugin-sdk/src/page.ts';
import { getOrInsert } from '../../../shared/get-or-insert.ts';
import type { Ask, Fetched, FromFrame, Mounting, ToFrame } from './frame-messages.ts';

/**
 * The inside of a plugin's frame: /plugin-frame.html holds this and nothing else. Its origin is opaque, so there is no
 * cookie, no storage and no network here; what the plugin's bundle can do is what the page at the other end of the port does for it.
 */

// The one way onto the network that no policy speaks of: connect-src is for fetches.
for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection']) Reflect.deleteProperty(globalThis, name);

const root = document.createElement('main');
let again = (): void => undefined;

/** The first message with a port is the page's: it is sent before anything of the plugin runs. */
addEventListener('message', function begin({ source, ports: [port], data }: MessageEvent<Mounting>) {
  if (source !== parent || port === undefined) return;
  removeEventListener('message', begin);
  document.body.append(root);
  const send = (message: FromFrame): void => port.postMessage(message);
  addEventListener('error', ({ message }) => complain(message));
  addEventListener('unhandledrejection', ({ reason }) => complain(reason));
  new ResizeObserver(() => send({ type: 'height', px: Math.ceil(document.documentElement.getBoundingClientRect().height) })).observe(
    document.documentElement,
  );
  const link = new Link(data, send);
  port.onmessage = ({ data: message }: MessageEvent<ToFrame>) => link.take(message);
  const start = (): void => {
    mount(data.bundle, link.bridge).catch(complain);
  };
  /** From nothing, in the same frame: what a press on “Try again” asks for. */
  again = () => {
    link.forget();
    document.getElementById('toru-error')?.remove();
    root.replaceChildren();
    start();
  };
  start();
});

async function mount(bundle: string, bridge: PageBridge): Promise<void> {
  const url = URL.createObjectURL(new Blob([bundle], { type: 'text/javascript' }));
  try {
    const module: { default?: unknown } = await import(url);
    if (typeof module.default !== 'function')
      throw new Error('The bundle has no default export that is a function: export default function mount(root, toru) { … }');
    // A page may be ready later.
    await Promise.resolve(module.default(root, bridge));
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** An error of the plugin is shown here, where its author looks and nobody else is disturbed. */
function complain(thrown: unknown): void {
  let box = document.getElementById('toru-error');
  if (box === null) {
    box = document.createElement('div');
    box.id = 'toru-error';
    const button = document.createElement('button');
    button.textContent = 'Try again';
    button.addEventListener('click', () => again());
    box.append(document.createElement('pre'), button);
    document.body.prepend(box);
  }
  box.firstElementChild?.setAttribute('role', 'alert');
  box.firstElementChild?.replaceChildren(`This plugin’s page failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
}

class Link {
  readonly bridge: PageBridge;
  readonly #send: (message: FromFrame) => void;
  readonly #calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<string, Set<(data: PageJson) => void>>();
  readonly #themed = new Set<(theme: PageTheme) => void>();
  #theme: PageTheme;
  #last = 0;

  constructor({ plugin, slot, user, theme }: Mounting, send: (message: FromFrame) => void) {
    this.#send = send;
    this.#theme = theme;
    paint(theme);
    const now = (): PageTheme => this.#theme;
    this.bridge = {
      plugin,
      slot,
      user,
      get theme() {
        return now();
      },
      fetch: (path, init) => this.#fetch(path, init),
      kv: {
        get: async (key) => jsonOf(await this.#ask({ method: 'kv.get', key })),
        set: async (key, value) => void (await this.#ask({ method: 'kv.set', key, value })),
        delete: async (key) => void (await this.#ask({ method: 'kv.delete', key })),
        list: async (prefix = '') => entriesOf(await this.#ask({ method: 'kv.list', prefix })),
      },
      on: (event, listener) => this.#on(event, listener),
      onTheme: (listener) => {
        this.#themed.add(listener);
        return () => this.#themed.delete(listener);
      },
      toast: (text, kind = 'info') => send({ type: 'toast', text: String(text), kind }),
      openPage: () => send({ type: 'open_page' }),
    };
  }

  /** Nobody of before listens any more, or waits for an answer. */
  forget(): void {
    for (const id of this.#calls.keys()) this.#send({ type: 'abort', id });
    this.#calls.clear();
    this.#listeners.clear();
    this.#themed.clear();
  }

  take(message: ToFrame): void {
    switch (message.type) {
      case 'answer':
        this.#calls.get(message.id)?.resolve(message.value);
        this.#calls.delete(message.id);
        return;
      case 'refused':
        this.#calls.get(message.id)?.reject(Object.assign(new Error(message.message), { code: message.code }));
        this.#calls.delete(message.id);
        return;
      case 'event':
        for (const listener of this.#listeners.get(message.name) ?? []) listener(message.data);
        return;
      case 'theme':
        this.#theme = message.theme;
        paint(message.theme);
        for (const listener of this.#themed) listener(message.theme);
        return;
      case 'mount':
        return;
      default:
        message satisfies never;
    }
  }

  #ask(ask: Ask, signal?: AbortSignal): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (this.#calls.delete(id)) this.#send({ type: 'abort', id });
        reject(signal?.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError'));
      };
      if (signal?.aborted === true) return leave();
      signal?.addEventListener('abort', leave, { once: true });
      this.#calls.set(id, { resolve, reject });
      this.#send({ type: 'ask', id, ask });
    });
  }

  async #fetch(path: string, { method = 'GET', headers = {}, body, signal }: PageFetchInit = {}): Promise<Response> {
    const sent = typeof body === 'string' ? body : body === undefined ? null : new Uint8Array(body).slice().buffer;
    const answer = await this.#ask(
      { method: 'fetch', path: String(path), init: { method, headers: Object.entries(headers), body: sent } },
      signal,
    );
    if (!isFetched(answer)) throw new Error('The page gave no answer.');
    const bodiless = [204, 205, 304].includes(answer.status);
    return new Response(bodiless ? null : answer.body, { status: answer.status, headers: answer.headers });
  }

  #on(event: string, listener: (data: PageJson) => void): () => void {
    const listeners = getOrInsert(this.#listeners, event, () => new Set()).add(listener);
    return () => listeners.delete(listener);
  }
}

/** The page's colours, and its scheme: without the same one a frame is never see-through. */
function paint({ scheme, colors }: PageTheme): void {
  const { style } = document.documentElement;
  style.colorScheme = scheme;
  for (const [name, value] of Object.entries(colors)) style.setProperty(name, value);
}

function isFetched(value: unknown): value is Fetched {
  return typeof value === 'object' && value !== null && 'status' in value && 'body' in value;
}

function isJson(value: unknown): value is PageJson {
  return value !== undefined;
}

function jsonOf(value: unknown): PageJson | undefined {
  return isJson(value) ? value : undefined;
}

function entriesOf(value: unknown): { key: string; value: PageJson }[] {
  return Array.isArray(value) ? value : [];
}
