import { languageFile } from '../language.ts';

/** Behind whatever the page does first. */
const LATER_MS = 4000;

declare global {
  interface Window {
    /** https://www.w3.org/TR/trusted-types/. What a policy makes is no plain text, though it is used like one. */
    trustedTypes?: { createPolicy(name: string, rules: { createScriptURL: () => string }): { createScriptURL(of: string): string } };
  }
}

/** Has the browser keep the page for when there is no network (service-worker/sw.ts). Where it can't, the page works as before. @param go shows a place. */
export function keepPageOffline(go: (path: string) => void): void {
  if (!('serviceWorker' in navigator)) return;
  // A notification was pressed, and this page is the one that shows what it was about.
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const path = typeof data === 'object' && data !== null && 'open' in data ? data.open : null;
    if (typeof path === 'string' && path.startsWith('/') && path !== location.pathname) go(path);
  });
  // The worker keeps what it is asked for: it came when the texts were here already.
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    const file = languageFile();
    if (file !== undefined) fetch(file).catch(() => undefined);
  });
  setTimeout(() => {
    // The page's policy lets no text become a script; this one address may.
    const policy = window.trustedTypes?.createPolicy('toru-service-worker', { createScriptURL: () => '/sw.js' });
    navigator.serviceWorker.register(policy?.createScriptURL('') ?? '/sw.js').catch(() => undefined);
  }, LATER_MS);
}
