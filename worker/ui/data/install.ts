import { signal } from '@preact/signals';

/** How this page becomes an app on this device, as far as the browser lets a page know. */

/** Asks the person to install what the page’s manifest describes; null while the browser offers none. */
export const installPrompt = signal<(() => Promise<void>) | null>(null);

/** Is the page shown as an app by now? */
export const isInstalled = signal(opensAsApp());

function opensAsApp(): boolean {
  // iOS before 17 knows only its own word.
  return matchMedia('(display-mode: standalone)').matches || ('standalone' in navigator && navigator.standalone === true);
}

/** Chromium's `beforeinstallprompt`, which no standard has: it can be asked once, and comes again for another manifest. */
interface InstallEvent extends Event {
  prompt: () => Promise<unknown>;
}

addEventListener('beforeinstallprompt', (event) => {
  if (!isInstallEvent(event)) return;
  // Our own button instead of the browser's bar.
  event.preventDefault();
  installPrompt.value = async () => {
    installPrompt.value = null;
    await event.prompt();
  };
});
addEventListener('appinstalled', () => {
  installPrompt.value = null;
});

function isInstallEvent(event: Event): event is InstallEvent {
  return 'prompt' in event && typeof event.prompt === 'function';
}
