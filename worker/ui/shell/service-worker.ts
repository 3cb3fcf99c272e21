/** Behind whatever the page does first. */
const LATER_MS = 4000;

declare global {
  interface Window {
    /** https://www.w3.org/TR/trusted-types/. What a policy makes is no plain text, though it is used like one. */
    trustedTypes?: { createPolicy(name: string, rules: { createScriptURL: () => string }): { createScriptURL(of: string): string } };
  }
}

/** Has the browser keep the page for when there is no network (service-worker/sw.ts). Where it can't, the page works as before. */
export function keepPageOffline(): void {
  if (!('serviceWorker' in navigator)) return;
  setTimeout(() => {
    // The page's policy lets no text become a script; this one address may.
    const policy = window.trustedTypes?.createPolicy('toru-service-worker', { createScriptURL: () => '/sw.js' });
    navigator.serviceWorker.register(policy?.createScriptURL('') ?? '/sw.js').catch(() => undefined);
  }, LATER_MS);
}
