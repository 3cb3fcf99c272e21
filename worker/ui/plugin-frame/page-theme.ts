import { effect } from '@preact/signals';
import type { PageTheme } from '../../../plugin-sdk/src/page.ts';
import { theme } from '../theme.ts';

/** The names of the page's colours and fonts that a plugin may draw with (styles/tokens.css; in docs/plugins.md for authors). */
const COLORS = [
  '--paper',
  '--surface',
  '--raised',
  '--sunken',
  '--ink',
  '--ink-2',
  '--ink-3',
  '--line',
  '--line-strong',
  '--live',
  '--live-wash',
  '--ok',
  '--ok-wash',
  '--bad',
  '--bad-wash',
  '--wait',
  '--wait-wash',
  '--sans',
  '--mono',
];

const dark = matchMedia('(prefers-color-scheme: dark)');

/** How the page looks now. */
export function pageTheme(): PageTheme {
  const style = getComputedStyle(document.documentElement);
  const chosen = theme.peek();
  return {
    scheme: chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen,
    colors: Object.fromEntries(COLORS.map((name) => [name, style.getPropertyValue(name)])),
  };
}

/** Calls at every change, by the person or by the system. @returns what ends it. */
export function onTheme(listener: (theme: PageTheme) => void): () => void {
  const tell = (): void => listener(pageTheme());
  let first = true;
  const stop = effect(() => {
    void theme.value;
    if (!first) tell();
    first = false;
  });
  dark.addEventListener('change', tell);
  return () => {
    stop();
    dark.removeEventListener('change', tell);
  };
}
