import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { PluginSummary } from '../../../../shared/plugins.ts';
import { connection } from '../../connection/page-connection.ts';
import { homeCards } from '../../data/known-actions.ts';
import { listPlugins, withNews } from '../../data/known-plugins.ts';
import { useResource } from '../../data/resource.ts';
import { isAdmin } from '../../own-session.ts';
import { Glyph } from '../../parts/glyph.tsx';
import { PluginFrame } from '../../plugin-frame/plugin-frame.tsx';
import { t } from '../../translate.ts';
import '../plugins.css';
import { useLookAgain } from '../plugins/look-again.ts';

/** Those that have a card, as they were read: what stands among the tiles is drawn from them, too. */
const shown = signal<readonly PluginSummary[]>([]);

/**
 * The cards of plugins that no admin placed among the tiles, below the actions. Nothing at all where no plugin has one, or none can be read:
 * the actions count more.
 */
export function PluginCards() {
  // An admin's page is told of plugins, and reads them when it is.
  const plugins = useResource(listPlugins, '', isAdmin.value ? 'told' : 'opened');
  useEffect(() => {
    if (!isAdmin.value) return undefined;
    return connection.onPlugin((news) => plugins.update((now) => withNews(now, news)), plugins.again);
  }, [isAdmin.value]);
  const cards = plugins.data?.filter(hasCard) ?? [];
  useLookAgain(plugins.reload, cards);
  useEffect(() => {
    if (plugins.data !== null) shown.value = cards;
  }, [plugins.data]);
  const below = cards.filter(({ id }) => !homeCards.value.some(({ plugin }) => plugin === id));
  if (below.length === 0) return null;
  return (
    <ul class="plugin-cards" aria-label={t('Plugins')}>
      {below.map((plugin) => (
        <li key={plugin.id} class="plugin-card">
          <Card plugin={plugin} />
        </li>
      ))}
    </ul>
  );
}

/** Does it show a card? Also one that was given up: the card says so. */
export function hasCard({ enabled, state, page }: PluginSummary): boolean {
  return (enabled || state === 'failed') && page?.slots.includes('card') === true;
}

/** A card among the tiles. */
export function PlacedCard({ id }: { id: string }) {
  const plugin = shown.value.find((one) => one.id === id);
  return plugin === undefined ? null : (
    <div class="plugin-card">
      <Card plugin={plugin} />
    </div>
  );
}

function Card({ plugin }: { plugin: PluginSummary }) {
  const head = (
    <>
      <Glyph name={plugin.icon} size={18} />
      {plugin.name}
    </>
  );
  return (
    <>
      <header>{plugin.page?.slots.includes('page') === true ? <a href={`/plugins/${plugin.id}`}>{head}</a> : head}</header>
      {plugin.state === 'running' ? (
        <PluginFrame plugin={plugin} slot="card" />
      ) : (
        <p class="muted" role="status">
          {plugin.problem ?? t('It is on its way.')}{' '}
          {isAdmin.value && (
            <a class="plugin-look" href={`/plugins/${plugin.id}/manage`}>
              {t('Look')}
            </a>
          )}
        </p>
      )}
    </>
  );
}
