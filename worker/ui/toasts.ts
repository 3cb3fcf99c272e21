import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

export type ToastTone = 'info' | 'ok' | 'bad';

/** A short message, or a view of its own, that the shell shows above every page. */
export type Toast = { id: number } & ({ text: string; tone: ToastTone } | { view: () => ComponentChildren });

/** As many as are shown at once: a further toast takes the place of the oldest. */
const MAX_TOASTS = 4;

/** The toasts that are shown now, oldest first. */
export const toasts = signal<Toast[]>([]);
/** The last text for screen readers. */
export const spoken = signal('');
let next = 1;

/** Shows a short message. @param life milliseconds; errors stay longer by default. @returns a function that takes it away. */
export function toast(text: string, tone: ToastTone = 'info', life: number = tone === 'bad' ? 12_000 : 5000): () => void {
  const dismiss = add({ text, tone });
  setTimeout(dismiss, life);
  return dismiss;
}

/** Shows a view among the toasts until the returned function is called. */
export function showToast(view: () => ComponentChildren): () => void {
  return add({ view });
}

/** Takes a toast away; one that is gone already stays gone. */
export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Tells a screen reader something that others see for themselves. */
export function say(text: string): void {
  spoken.value = text;
}

function add(content: { text: string; tone: ToastTone } | { view: () => ComponentChildren }): () => void {
  const id = next;
  next += 1;
  toasts.value = [...toasts.value, { id, ...content }].slice(-MAX_TOASTS);
  return () => dismissToast(id);
}
