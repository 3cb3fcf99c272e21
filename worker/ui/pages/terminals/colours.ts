import { signal } from '@preact/signals';
import type { ITheme } from '@xterm/xterm';

/** The colours of terminals: one set for the page's light theme, one for its dark one. */

const DARK: ITheme = {
  background: '#141312',
  foreground: '#f1ece4',
  cursor: '#84cbe8',
  cursorAccent: '#141312',
  selectionBackground: '#2f5a70',
  black: '#2d2925',
  red: '#ff8a7a',
  green: '#86d19f',
  yellow: '#e8bd6a',
  blue: '#84b6f0',
  magenta: '#d0a2ee',
  cyan: '#7fd0cf',
  white: '#d8d1c6',
  brightBlack: '#978f82',
  brightRed: '#ffb0a4',
  brightGreen: '#a9e6bd',
  brightYellow: '#f4d596',
  brightBlue: '#abd0fb',
  brightMagenta: '#e4c4f8',
  brightCyan: '#a6e6e4',
  brightWhite: '#ffffff',
};

const LIGHT: ITheme = {
  background: '#fdfbf7',
  foreground: '#1d1a16',
  cursor: '#1a5c7c',
  cursorAccent: '#fdfbf7',
  selectionBackground: '#b5d8e8',
  black: '#1d1a16',
  red: '#a82820',
  green: '#2a6a3e',
  yellow: '#7c5300',
  blue: '#1f5a9c',
  magenta: '#7a3fa6',
  cyan: '#0f6768',
  white: '#8b8375',
  brightBlack: '#6d665a',
  brightRed: '#c0362b',
  brightGreen: '#2f7a47',
  brightYellow: '#8f6400',
  brightBlue: '#2a69ad',
  brightMagenta: '#8d4fbb',
  brightCyan: '#137273',
  brightWhite: '#575147',
};

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(prefersDark.matches);
prefersDark.addEventListener('change', ({ matches }) => {
  systemDark.value = matches;
});

/** @param chosen the page's own theme, or a folder's for its terminals; others, and `system`, are as the system says. */
export function coloursOf(chosen: string): ITheme {
  if (chosen === 'light' || chosen === 'dark') return chosen === 'dark' ? DARK : LIGHT;
  return systemDark.value ? DARK : LIGHT;
}
