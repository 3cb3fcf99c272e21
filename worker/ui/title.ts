import { computed, effect, signal } from '@preact/signals';
import { underWay } from './data/known-actions.ts';
import { hostPresence } from './data/presence.ts';

/** The title of the browser's tab: the page's name, how many runs are under way, and in the icon whether the host is there. */
export const pageTitle = signal('');

const icon = computed(() =>
  hostPresence.value.kind === 'online' ? (underWay.value > 0 ? '/icon-running.svg' : '/icon.svg') : '/icon-away.svg',
);

effect(() => {
  const running = underWay.value > 0 ? `(${underWay.value}) ` : '';
  document.title = `${running}${pageTitle.value === '' ? '' : `${pageTitle.value} · `}Toru`;
});

effect(() => {
  document.querySelector('#favicon')?.setAttribute('href', icon.value);
});
