import { signal } from '@preact/signals';

/** The step that leaves what is not saved, once somebody agreed to it; null while nobody is asked. The shell shows the question. */
export const leaving = signal<(() => void) | null>(null);
