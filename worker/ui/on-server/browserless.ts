/**
 * What the page's modules take from a browser, where the Worker draws them: nothing of it does anything. The build puts each name in
 * the place of the global of that name (embedded/page-on-server.ts), so nothing here is seen by the Worker's own code.
 */

function nothing(): void {
  // No event comes, and nobody waits: a page is drawn once, and let go.
}

export const location = { pathname: '/login', search: '', hash: '', origin: 'https://toru', host: '', port: '', protocol: 'https:' };
const element = { dataset: {}, lang: 'en', dir: 'ltr', style: {} };
export const document = {
  documentElement: element,
  hidden: false,
  title: '',
  cookie: '',
  addEventListener: nothing,
  removeEventListener: nothing,
  querySelector: () => null,
  querySelectorAll: () => [],
};
export const navigator = { languages: ['en'], language: 'en', onLine: true };
export const history = { state: null, pushState: nothing, replaceState: nothing, back: nothing };
export const performance = { now: () => Date.now(), getEntriesByType: () => [] };
export const addEventListener = nothing;
export const removeEventListener = nothing;
export const dispatchEvent = nothing;
export const scrollTo = nothing;
export const setTimeout = nothing;
export const clearTimeout = nothing;
export const setInterval = nothing;
export const clearInterval = nothing;
export const requestAnimationFrame = nothing;
export const matchMedia = () => ({ matches: false, addEventListener: nothing, removeEventListener: nothing });
/** As a browser that keeps nothing: what a person chose on a device comes by the cookie of its look. */
const empty = { getItem: () => null, setItem: nothing, removeItem: nothing };
export const localStorage = empty;
export const sessionStorage = empty;
/** What is asked for while a page is drawn is not waited for. */
export const fetch = () => new Promise(nothing);
export class PopStateEvent {}
export class HTMLInputElement {}
export class Element {}
export class HTMLElement extends Element {}
export class HTMLDialogElement extends HTMLElement {}
export class PerformanceNavigationTiming {}
/** One that never opens. */
export class WebSocket {
  static readonly OPEN = 1;
  readonly readyState = 0;
  readonly addEventListener = nothing;
  readonly removeEventListener = nothing;
  readonly send = nothing;
  readonly close = nothing;
}
