import type { Signal } from '@preact/signals';

/** A field that shows a signal and writes it. */
export function bound<T>(signal: Signal<T>): { value: T; onValue: (value: T) => void } {
  return {
    value: signal.value,
    onValue: (value) => {
      signal.value = value;
    },
  };
}

/** Gives a signal this value, when something happens. */
export function setTo<T>(signal: Signal<T>, value: T): () => void {
  return () => {
    signal.value = value;
  };
}
