import { useEffect } from 'preact/hooks';
import type { PluginSummary } from '../../../../shared/plugins.ts';
import { connection } from '../../connection/page-connection.ts';
import { listPlugins, withNews } from '../../data/known-plugins.ts';
import { useResource } from '../../data/resource.ts';
import { isAdmin } from '../../own-session.ts';
import { Glyph } from '../../parts/glyph.tsx';
import { PluginFrame } from '../../plugin-frame/plugin-frame.tsx';
import { t } from '../../translate.ts';
import '../plugins.css';
import { useLookAgain } from '../plugins/look-again.ts';

/** The cards of plugins, below the actions. Nothing at all where no plugin has one, or none can be read: the actions count more. */
export function PluginCards() {
  // An admin's page is told of plugins, and reads them when it is.
  const plugins = useResource(listPlugins, '', isAdmin.value ? 'told' : 'opened');
  useEffect(() => {
    if (!isAdmin.value) return undefined;
    return connection.onPlugin((news) => plugins.update((now) => withNews(now, news)), plugins.again);
  }, [isAdmin.value]);
  const cards = plugins.data?.filter(
    ({ enabled, state, page }) => (enabled || state === 'failed') && page?.slots.includes('card') === true,
  );
  useLookAgain(plugins.reload, cards ?? []);
  if (cards === undefined || cards.length === 0) return null;
  return (
    <ul class="plugin-cards" aria-label={t('Plugins')}>
      {cards.map((plugin) => (
        <Card key={plugin.id} plugin={plugin} />
      ))}
    </ul>
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
    <li class="plugin-card">
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
    </li>
  );
}
