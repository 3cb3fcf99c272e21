import { signal } from '@preact/signals';
import { msg } from '../translate.ts';

/**
 * Does this device reach the server? As the browser says, which only knows of networks: without any, a Toru on the same
 * machine still answers. So what was heard since counts more.
 */
export const networkThere = signal(navigator.onLine);

addEventListener('online', () => {
  networkThere.value = true;
});
addEventListener('offline', () => {
  networkThere.value = false;
});

/** The server answered what was asked after the network was said to be away. */
export function heardFromServer(): void {
  networkThere.value = true;
}

/** The message to a person who wants something done now. */
export const OFFLINE = msg('This device is offline: nothing was sent, and nothing will be later. Try again when the network is back.');
