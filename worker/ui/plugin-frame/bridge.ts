import type { PageJson } from '../../../plugin-sdk/src/page.ts';
import { ToruError } from '../../../shared/errors.ts';
import type { PluginSlot, PluginSummary } from '../../../shared/plugins.ts';
import { agent, attempt, read, sentence } from '../api.ts';
import { connection } from '../connection/page-connection.ts';
import { isRecord } from '../guards.ts';
import { navigate } from '../navigation.ts';
import { toast } from '../toasts.ts';
import { Calls } from './frame-calls.ts';
import type { Ask, Fetched, ToFrame } from './frame-messages.ts';
import { asMessage } from './from-frame.ts';
import { ownRoute } from './own-routes.ts';
import { onTheme, pageTheme } from './page-theme.ts';

const MAX_ANSWER = 16 * 1024 * 1024;
/** One toast a second, three at once: a plugin may tell, not flood. */
const TOAST_MS = 1000;
const TOASTS = 3;

export interface FrameEvents {
  height: (px: number) => void;
}

/**
 * The page's end of one plugin's frame: what it does for the plugin, and all that it does. The plugin's word is taken for
 * nothing but paths below its own prefix, its own storage, a line of text, and a height.
 */
export class Bridge {
  readonly #plugin: PluginSummary;
  readonly #port: MessagePort;
  readonly #events: FrameEvents;
  /** Asked for and not answered yet, under way or not. */
  readonly #requests = new Map<number, AbortController>();
  readonly #calls = new Calls();
  readonly #stops: (() => void)[];
  #toasts = TOASTS;
  #toastedAt = 0;

  /** @param frame its document is loaded, and has nothing of the plugin yet. */
  constructor(
    frame: Window,
    plugin: PluginSummary,
    slot: PluginSlot,
    bundle: string,
    user: { username: string; role: 'admin' | 'client' },
    events: FrameEvents,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#plugin = plugin;
    this.#port = port1;
    this.#events = events;
    port1.onmessage = ({ data }) => this.#take(asMessage(data));
    this.#stops = [
      connection.onPluginEvent(plugin.id, (name, data) => isJson(data) && this.#send({ type: 'event', name, data })),
      onTheme((theme) => this.#send({ type: 'theme', theme })),
    ];
    // To any origin: the frame's is opaque, and has no name. The port goes with it, once.
    frame.postMessage({ type: 'mount', bundle, plugin: plugin.id, slot, user, theme: pageTheme() } satisfies ToFrame, '*', [port2]);
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const controller of this.#requests.values()) controller.abort();
    this.#port.close();
  }

  #send(message: ToFrame, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  #take(message: ReturnType<typeof asMessage>): void {
    switch (message?.type) {
      case 'ask':
        void this.#answer(message.id, message.ask);
        return;
      case 'abort':
        this.#requests.get(message.id)?.abort();
        return;
      case 'toast':
        this.#toast(message.text, message.kind);
        return;
      case 'open_page':
        // A card that leads there by itself would leave nobody on the page around it.
        if (!navigator.userActivation.isActive) return;
        if (this.#plugin.page?.slots.includes('page') === true) navigate(`/plugins/${this.#plugin.id}`);
        return;
      case 'height':
        this.#events.height(message.px);
        return;
      case undefined:
        return;
      default:
        message satisfies never;
    }
  }

  async #answer(id: number, ask: Ask | null): Promise<void> {
    if (this.#requests.has(id)) return;
    const controller = new AbortController();
    try {
      if (ask === null)
        throw new ToruError('bad_request', 'That can’t be asked. Methods are GET, POST, PUT, PATCH and DELETE; bodies are text or bytes.');
      this.#requests.set(id, controller);
      const value = await this.#calls.run(controller.signal, () => this.#do(ask, controller.signal));
      this.#send({ type: 'answer', id, value }, isFetched(value) ? [value.body] : []);
    } catch (error) {
      if (controller.signal.aborted) return;
      const code = error instanceof ToruError ? error.code : 'internal';
      this.#send({ type: 'refused', id, code, message: sentence(error) });
    } finally {
      this.#requests.delete(id);
    }
  }

  async #do(ask: Ask, signal: AbortSignal): Promise<unknown> {
    const kv = agent['plugin-kv'][':id'];
    const param = { id: this.#plugin.id };
    const init = { init: { signal } };
    switch (ask.method) {
      case 'fetch':
        return this.#fetch(ask, signal);
      case 'kv.get':
        return (await read(isEntry, kv.entry.$get({ param, query: { key: ask.key } }, init))).entry?.value;
      case 'kv.set':
        await kv.entry.$put({ param, query: { key: ask.key }, json: { value: ask.value } }, init);
        return undefined;
      case 'kv.delete':
        await kv.entry.$delete({ param, query: { key: ask.key } }, init);
        return undefined;
      case 'kv.list': {
        const found: Entry[] = [];
        for (let after: string | null = ''; after !== null; ) {
          const query = { prefix: ask.prefix, limit: '1000', ...(after === '' ? {} : { after }) };
          const part: Listed = await read(isEntries, kv.$get({ param, query }, init));
          found.push(...part.entries.map(({ key, value }) => ({ key, value })));
          after = part.next;
        }
        return found;
      }
      default:
        return ask satisfies never;
    }
  }

  async #fetch({ path, init }: Extract<Ask, { method: 'fetch' }>, signal: AbortSignal): Promise<Fetched> {
    const address = ownRoute(this.#plugin.id, path, location.origin);
    const headers = init.headers.filter(([name]) => /^(?:accept|content-type|x-[a-z0-9-]+)$/i.test(name));
    // As it is: a plugin's 401 says nothing about the session, and its errors are for its page to read.
    const response = await attempt(address, { method: init.method, headers, body: init.body, signal, redirect: 'error' });
    return { status: response.status, headers: [...response.headers], body: await fullBody(response) };
  }

  #toast(text: string, kind: 'info' | 'success' | 'error'): void {
    const now = Date.now();
    this.#toasts = Math.min(TOASTS, this.#toasts + (now - this.#toastedAt) / TOAST_MS);
    if (this.#toasts < 1) return;
    this.#toasts -= 1;
    this.#toastedAt = now;
    const tone = kind === 'success' ? 'ok' : kind === 'error' ? 'bad' : 'info';
    // With its name before it: a plugin can't speak as Toru.
    toast(`${this.#plugin.name}: ${text.slice(0, 200)}`, tone, 5000);
  }
}

/** @throws ToruError too_large as soon as it is. */
async function fullBody({ body }: Response): Promise<ArrayBuffer> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MAX_ANSWER) throw new ToruError('too_large', 'An answer to a plugin’s page has 16 MiB at most. Ask for it in parts.');
  }
  return new Blob(parts).arrayBuffer();
}

function isFetched(value: unknown): value is Fetched {
  return isRecord(value) && value['body'] instanceof ArrayBuffer;
}

function isJson(value: unknown): value is PageJson {
  return value !== undefined;
}

type Entry = { key: string; value: PageJson };
const isKept = (value: unknown): value is Entry => isRecord(value) && typeof value['key'] === 'string' && isJson(value['value']);

function isEntry(value: unknown): value is { entry: Entry | null } {
  return isRecord(value) && (value['entry'] === null || isKept(value['entry']));
}

/** As much as the host gives at once; `next` is to be asked for after it. */
type Listed = { entries: Entry[]; next: string | null };

function isEntries(value: unknown): value is Listed {
  if (!isRecord(value) || !Array.isArray(value['entries']) || !value['entries'].every(isKept)) return false;
  return value['next'] === null || typeof value['next'] === 'string';
}
