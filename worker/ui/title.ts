import { computed, effect, signal } from '@preact/signals';
import { underWay } from './data/known-actions.ts';
import { host, hostPresence } from './data/presence.ts';
import { viewedHost } from './viewed-host.ts';

/** The title of the browser's tab: the page's name, how many runs are under way, and in the icon whether the host is there. */
export const pageTitle = signal('');

/** Null while nobody knows: the icon stays what it is. */
const icon = computed(() => {
  const { kind } = hostPresence.value;
  if (kind === 'unknown') return null;
  return kind === 'online' ? (underWay.value > 0 ? '/icon-running.svg' : '/icon.svg') : '/icon-away.svg';
});

effect(() => {
  const running = underWay.value > 0 ? `(${underWay.value}) ` : '';
  const where = [pageTitle.value, viewedHost === null ? '' : (host.value?.name ?? ''), 'Toru'].filter((part) => part !== '');
  document.title = running + where.join(' · ');
});

effect(() => {
  if (icon.value !== null) document.querySelector('#favicon')?.setAttribute('href', icon.value);
});
