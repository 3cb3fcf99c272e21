import { Settings2 } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { PluginSummary } from '../../../shared/plugins.ts';
import { connection } from '../connection/page-connection.ts';
import { getPlugin } from '../data/known-plugins.ts';
import { useResource } from '../data/resource.ts';
import { isAdmin } from '../own-session.ts';
import { Back } from '../parts/back.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PluginFrame } from '../plugin-frame/plugin-frame.tsx';
import { t } from '../translate.ts';
import './plugins.css';
import { useLookAgain } from './plugins/look-again.ts';
import { PluginStateBadge } from './plugins/state.tsx';

/** A plugin's own page. */
export function Page() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const plugin = useResource((signal) => getPlugin(id, signal), id);
  useEffect(() => {
    if (!isAdmin.value) return undefined;
    return connection.onPlugin((news) => news.id === id && plugin.set(news), plugin.again);
  }, [id, isAdmin.value]);
  useLookAgain(plugin.reload, plugin.data === null ? [] : [plugin.data]);
  return (
    <div class="plugin-page">
      <PageHead title={plugin.data?.name ?? t('Plugin')} before={<Back href="/plugins" label={t('Plugins')} />}>
        {isAdmin.value && (
          <ButtonLink href={`/plugins/${id}/manage`} icon={<Settings2 size={18} aria-hidden="true" />}>
            {t('Manage')}
          </ButtonLink>
        )}
      </PageHead>
      {plugin.problem !== null && (
        <Problem message={plugin.problem} action={<Button onClick={() => void plugin.reload()}>{t('Try again')}</Button>} />
      )}
      {plugin.data === null && plugin.problem === null && <Loading what={t('the plugin')} rows={3} />}
      {plugin.data !== null && <Content plugin={plugin.data} />}
    </div>
  );
}

function Content({ plugin }: { plugin: PluginSummary }) {
  const { enabled, page, problem, state } = plugin;
  if (!enabled && state !== 'failed') return <Empty title={t('This plugin is off')}>{t('An admin can enable it.')}</Empty>;
  const shows = page?.slots.includes('page') === true;
  return (
    <>
      <p class="row plugin-standing" role="status">
        {state !== 'running' && (
          <>
            <PluginStateBadge state={state} />
            {problem ?? t('It is on its way.')}
          </>
        )}
      </p>
      {!shows ? (
        <Empty title={t('This plugin has no page')}>
          {page === null ? t('It works in the background.') : t('It works in the background, and shows a card on the first page.')}
        </Empty>
      ) : (
        // One that crashed is left standing: it is back in a moment, with what was typed in it. One that stays away has no bundle.
        enabled && <PluginFrame plugin={plugin} slot="page" />
      )}
    </>
  );
}
