import { effect, signal } from '@preact/signals';

/** Light, dark, or as the system says. Kept in this browser only. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'toru.theme';

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
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Private mode: the choice lasts as long as the page.
  }
}
