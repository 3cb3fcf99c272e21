import { signal } from '@preact/signals';

/** The place that another device shall open, as a path, while its code is shown; null while none is. */
export const deviceCodeFor = signal<string | null>(null);

/** Shows a code by which a phone opens the place where one is now. */
export function showDeviceCode(): void {
  deviceCodeFor.value = location.pathname + location.search + location.hash;
}
