import { signal } from '@preact/signals';

/** The step that leaves what is not saved, once somebody agreed to it; null while nobody is asked. The shell shows the question. */
export const leaving = signal<(() => void) | null>(null);

/** Sees each move of the browser before the router does: unsaved.ts puts it here. */
export const moveGuard: { current?: (event: PopStateEvent) => void } = {};

// A window calls its listeners in the order in which they came, and unsaved.ts comes with the first form.
addEventListener('popstate', (event) => moveGuard.current?.(event));
