import { useEffect } from 'preact/hooks';
import type { PluginSummary } from '../../../../shared/plugins.ts';
import { connection } from '../../connection.ts';
import { listPlugins } from '../../data/plugins.ts';
import { useResource } from '../../data/resource.ts';
import { Glyph } from '../../parts/glyph.tsx';
import { PluginFrame } from '../../plugin-frame/plugin-frame.tsx';
import { isAdmin } from '../../session.ts';
import '../plugins.css';

/** The cards of plugins, below the actions. Nothing at all where no plugin has one, or none can be read: the actions count more. */
export function PluginCards() {
  const plugins = useResource(listPlugins);
  useEffect(() => {
    if (!isAdmin.value) return undefined;
    return connection.onPlugin((news) => plugins.update((now) => now.map((one) => (one.id === news.id ? news : one))));
  }, [isAdmin.value]);
  const cards = plugins.data?.filter(({ enabled, page }) => enabled && page?.slots.includes('card') === true) ?? [];
  if (cards.length === 0) return null;
  return (
    <ul class="plugin-cards" aria-label="Plugins">
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
          {plugin.problem ?? 'It is on its way.'}
        </p>
      )}
    </li>
  );
}
