import { signal } from '@preact/signals';

/** Is the palette open? */
export const palette = signal(false);
/** Is the list of keys open? */
export const keysHelp = signal(false);
