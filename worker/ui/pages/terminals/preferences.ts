import { signal } from '@preact/signals';
import { recall, remember } from '../../theme.ts';

/** How this browser shows terminals. Kept in it only. */

const FONT_KEY = 'toru.terminal.font';
const READER_KEY = 'toru.terminal.reader';
export const SMALLEST_FONT = 6;
const LARGEST_FONT = 40;
const USUAL_FONT = 14;

/** Of the letters, in CSS pixels. */
export const fontSize = signal(fontOf(recall(FONT_KEY)));
/** A screen reader reads new lines aloud. */
export const readsAloud = signal(recall(READER_KEY) === 'on');

function fontOf(kept: string | null): number {
  const size = Number(kept);
  return kept !== null && size >= SMALLEST_FONT && size <= LARGEST_FONT ? size : USUAL_FONT;
}

export function within(size: number): number {
  return Math.min(LARGEST_FONT, Math.max(SMALLEST_FONT, Math.round(size)));
}

export function chooseFontSize(size: number): void {
  fontSize.value = within(size);
  remember(FONT_KEY, String(fontSize.value));
}

export function chooseReader(on: boolean): void {
  readsAloud.value = on;
  remember(READER_KEY, on ? 'on' : null);
}

const COPY_KEY = 'toru.terminal.copy';
/** Of so many terminals it is remembered. */
const MOST_RIGHTS = 50;

/** May a terminal's programs write to the clipboard? null: nobody was asked yet. */
export function copyRight(id: string): 'allow' | 'never' | null {
  const right = rights().find(([of]) => of === id)?.[1];
  return right === 'allow' || right === 'never' ? right : null;
}

export function decideCopy(id: string, right: 'allow' | 'never'): void {
  const kept = [[id, right], ...rights().filter(([of]) => of !== id)].slice(0, MOST_RIGHTS);
  remember(COPY_KEY, kept.map((pair) => pair.join('=')).join(' '));
}

function rights(): string[][] {
  return (recall(COPY_KEY) ?? '').split(' ').map((pair) => pair.split('='));
}
