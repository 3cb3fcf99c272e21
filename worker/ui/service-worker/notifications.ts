/** What a push message becomes: a notification, and the place that a press on it opens. */

declare const self: ServiceWorkerGlobalScope;

/** The part of a declarative message (https://www.w3.org/TR/push-api/) that is shown. Safari shows it without asking this worker. */
interface Shown {
  title: string;
  body: string;
  tag: string;
  /** Of title and body: BCP 47. */
  lang: string;
  /** A path of this origin. */
  path: string;
}

/** Every message is shown, whatever it holds: a browser ends the push of a page that swallows one. */
export async function showMessage(data: PushMessageData | null): Promise<void> {
  const { title, body, tag, lang, path } = shownOf(jsonOf(data));
  await self.registration.showNotification(title, { body, tag, lang, dir: 'auto', data: { path }, icon: '/icons/toru/gate/192.png' });
}

/** The window that shows it already, else one that can go there, else a new one. */
export async function openPlace(notification: Notification): Promise<void> {
  notification.close();
  const path = pathOf(notification.data);
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const at = (client: WindowClient): string => new URL(client.url).pathname;
  const there = windows.find((client) => at(client) === path);
  // An action's own app has one page, which stays.
  const free = windows.find((client) => !at(client).startsWith('/a/'));
  const chosen = there ?? free;
  if (chosen === undefined) {
    await self.clients.openWindow(path);
    return;
  }
  await chosen.focus().catch(() => undefined);
  if (there === undefined) chosen.postMessage({ open: path });
}

function shownOf(message: unknown): Shown {
  const found = isRecord(message) && isRecord(message['notification']) ? message['notification'] : {};
  const text = (name: string, other: string): string => (typeof found[name] === 'string' ? found[name] : other);
  return {
    title: text('title', 'Toru'),
    body: text('body', ''),
    tag: text('tag', 'toru'),
    lang: text('lang', ''),
    path: pathIn(text('navigate', '/')),
  };
}

function jsonOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return null;
  }
}

function pathOf(data: unknown): string {
  return isRecord(data) && typeof data['path'] === 'string' ? pathIn(data['path']) : '/';
}

/** An address of another origin leads home. */
function pathIn(address: string): string {
  if (!URL.canParse(address, self.location.origin)) return '/';
  const { origin, pathname } = new URL(address, self.location.origin);
  return origin === self.location.origin ? pathname : '/';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The browser has another subscription than before: the host is told, as long as the session in which it was registered lives. */
export async function renewSubscription(event: Event): Promise<void> {
  const before = 'oldSubscription' in event && event.oldSubscription instanceof PushSubscription ? event.oldSubscription : null;
  const push = self.registration.pushManager;
  const key = before?.options.applicationServerKey ?? null;
  const now =
    (await push.getSubscription()) ?? (key === null ? null : await push.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { endpoint, keys } = now?.toJSON() ?? {};
  if (endpoint === undefined || keys === undefined) return;
  await fetch('/api/notify/devices', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      endpoint,
      keys: { p256dh: keys['p256dh'], auth: keys['auth'] },
      origin: self.location.origin,
      name: 'A browser',
    }),
  });
}
