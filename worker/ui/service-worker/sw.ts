import { openPlace, renewSubscription, showMessage } from './notifications.ts';

/**
 * What lets Toru open without a network, as itself: the page's own files, and nothing else. Pages come from the server as long as it
 * answers; answers of the API, icons and manifests never pass through here. It also shows what is
 * pushed (notifications.ts). Built to /sw.js with the names of this build's files.
 */

declare const self: ServiceWorkerGlobalScope;
/** Of this build, from vite.config.ts: the script and the styles that the page begins with, and all of its parts. */
declare const FIRST_FILES: readonly string[];
/** What the page says where nobody answers. */
declare const LONELY_FILES: readonly string[];
declare const ALL_FILES: readonly string[];

const CACHE = 'toru-page';
const PAGE = '/';

self.addEventListener('install', (event) => event.waitUntil(keepPage()));
self.addEventListener('activate', (event) => event.waitUntil(takeOver()));
self.addEventListener('push', (event) => event.waitUntil(showMessage(event.data)));
self.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renewSubscription(event)));
self.addEventListener('notificationclick', (event) => event.waitUntil(openPlace(event.notification)));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && request.destination === 'document') event.respondWith(open(event));
  else if (ALL_FILES.includes(pathname)) event.respondWith(part(request));
});

async function keepPage(): Promise<void> {
  const cache = await caches.open(CACHE);
  const page = await fetch(PAGE, { cache: 'reload', credentials: 'omit' });
  const html = await page.clone().text();
  // Another build is being put in place of this one: the worker that comes with it tries again.
  if (!page.ok || !FIRST_FILES.every((file) => html.includes(file))) throw new Error('the page is of another build');
  await cache.addAll([...FIRST_FILES, ...LONELY_FILES]);
  await cache.put(PAGE, page);
  await self.skipWaiting();
}

async function takeOver(): Promise<void> {
  // The browser asks the server itself, with what it knows of the person's wish (Sec-Fetch-Site), while this worker starts.
  await self.registration.navigationPreload?.enable();
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url);
    if (pathname !== PAGE && !ALL_FILES.includes(pathname)) await cache.delete(url);
  }
  await self.clients.claim();
}

/** The page from the server; without one, the page as it is here, which says what is away. */
async function open(event: FetchEvent): Promise<Response> {
  try {
    const preloaded: unknown = await event.preloadResponse;
    const answer = preloaded instanceof Response ? preloaded : await fetch(event.request);
    const isAway = answer.status >= 500 && answer.headers.get('content-type')?.startsWith('text/html') !== true;
    return isAway ? ((await keptPage()) ?? answer) : answer;
  } catch (error) {
    const kept = await keptPage();
    if (kept === undefined) throw error;
    return kept;
  }
}

async function keptPage(): Promise<Response | undefined> {
  return (await caches.open(CACHE)).match(PAGE);
}

/** A part of this build never changes: its name has its hash. */
async function part(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone()).catch(() => undefined);
  return answer;
}
