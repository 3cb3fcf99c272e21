import { effect, signal } from '@preact/signals';
import { lookCookie, readLook, writeLook } from '../../shared/page-look.ts';

/** Light, dark, or as the system says. Kept in this browser only. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'toru.theme';
/** What the server has to know to draw the page first (shared/page-look.ts). */
const LOOK_KEYS: ReadonlySet<string> = new Set([KEY, 'toru.language', 'toru.density', 'toru.closed-groups']);
const YEAR_S = 365 * 86_400;

export const theme = signal<Theme>(remembered());

function remembered(): Theme {
  const kept = recall(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

effect(() => {
  const chosen = theme.value;
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
  remember(KEY, chosen === 'system' ? null : chosen);
});

/** localStorage, for a browser that may refuse it. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  keep(key, value);
  if (LOOK_KEYS.has(key)) tellLook();
}

function keep(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Private mode: the choice lasts as long as the page.
  }
}

/** What was chosen in this browser, as the server reads it; null for nothing. */
export function chosenLook(): string | null {
  const folded = (recall('toru.closed-groups') ?? '[]') === '[]' ? '' : 'folded';
  return writeLook(readLook([recall(KEY) ?? '', recall('toru.language') ?? '', recall('toru.density') ?? '', folded].join('.')));
}

function tellLook(): void {
  const https = location.protocol === 'https:';
  const look = chosenLook();
  const life = look === null ? 0 : YEAR_S;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is not in every browser, and the server has to be told at once.
  document.cookie = `${lookCookie({ https, port: location.port })}=${look ?? ''}; path=/; max-age=${life}; samesite=lax${https ? '; secure' : ''}`;
}
