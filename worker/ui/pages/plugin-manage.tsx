import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { PluginDetails } from '../../../shared/plugins.ts';
import { sentence } from '../api.ts';
import { connection } from '../connection/page-connection.ts';
import { disablePlugin, enablePlugin, getPluginDetails } from '../data/known-plugins.ts';
import { type Resource, useResource } from '../data/resource.ts';
import { Back } from '../parts/back.tsx';
import { setTo } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import './plugins.css';
import { PluginAbout } from './plugins/about.tsx';
import { AcceptPlugin } from './plugins/accept.tsx';
import { PluginEvents } from './plugins/events.tsx';
import { PluginLog } from './plugins/log.tsx';
import { PluginSettings } from './plugins/settings-form.tsx';
import { PluginStateBadge } from './plugins/state.tsx';
import { RemovePlugin } from './plugins/uninstall.tsx';

/** One plugin as its admin sees it: how it is, what it may, what it says, and the ways to change that. */
export function Page() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const plugin = useResource((signal) => getPluginDetails(id, signal), id);
  useEffect(() => {
    // The news is a summary; what else changed with it is read.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = connection.onPlugin((news) => {
      if (news.id !== id) return;
      plugin.update((now) => ({ ...now, ...news }));
      clearTimeout(timer);
      timer = setTimeout(() => void plugin.reload(), 200);
    }, plugin.again);
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [id]);
  return (
    <div class="narrow">
      {plugin.data === null ? (
        <PageHead title={t('Plugin')} before={<Back href="/plugins" label={t('Plugins')} />} />
      ) : (
        <Head plugin={plugin.data} resource={plugin} />
      )}
      {plugin.problem !== null && (
        <Problem message={plugin.problem} action={<Button onClick={() => void plugin.reload()}>{t('Try again')}</Button>} />
      )}
      {plugin.data === null && plugin.problem === null && <Loading what={t('the plugin')} rows={4} />}
      {plugin.data !== null && <Parts plugin={plugin.data} resource={plugin} />}
    </div>
  );
}

interface Props {
  plugin: PluginDetails;
  resource: Resource<PluginDetails>;
}

function Head({ plugin, resource }: Props) {
  const busy = useSignal(false);
  /** As it was when its dialog was opened: what is accepted is what was looked at, whatever changes meanwhile. */
  const accepting = useSignal<PluginDetails | null>(null);
  const unknown = plugin.sha256 !== null && plugin.sha256 !== plugin.accepted_sha256;
  // Only accepted files run: a changed plugin waits for somebody to look.
  const changed = unknown && plugin.accepted_sha256 !== null;

  async function change(act: () => Promise<PluginDetails>): Promise<void> {
    busy.value = true;
    try {
      resource.set(await act());
    } catch (error) {
      toast(sentence(error), 'bad');
      await resource.reload();
    } finally {
      busy.value = false;
    }
  }

  return (
    <>
      <PageHead
        title={plugin.name}
        before={<Back href="/plugins" label={t('Plugins')} />}
        lead={
          <>
            <span role="status">
              <PluginStateBadge state={plugin.state} />
            </span>{' '}
            {plugin.version} · {plugin.description}
          </>
        }
      >
        {plugin.enabled && plugin.page?.slots.includes('page') === true && (
          <ButtonLink href={`/plugins/${plugin.id}`}>{t('Open')}</ButtonLink>
        )}
        {plugin.enabled && (
          <Button key="disable" acts="disable" busy={busy.value} onClick={() => void change(() => disablePlugin(plugin.id))}>
            {t('Disable')}
          </Button>
        )}
        {(!plugin.enabled || changed) && (
          <Button
            key="enable"
            acts="enable"
            kind="primary"
            busy={busy.value}
            disabled={plugin.state === 'broken' || plugin.state === 'missing'}
            onClick={() => {
              if (unknown) accepting.value = plugin;
              else void change(() => enablePlugin(plugin.id, null));
            }}
          >
            {changed ? t('Look and accept') : t('Enable')}
          </Button>
        )}
      </PageHead>
      {accepting.value !== null && <AcceptPlugin plugin={accepting.value} onAccepted={resource.set} onClose={setTo(accepting, null)} />}
    </>
  );
}

function Parts({ plugin, resource }: Props) {
  return (
    <>
      {plugin.problem !== null && <Problem message={plugin.problem} />}
      <PluginAbout plugin={plugin} />
      {plugin.manifest !== null && plugin.manifest.settings.length > 0 && (
        <PluginSettings key={plugin.version} plugin={plugin} settings={plugin.manifest.settings} onSaved={resource.set} />
      )}
      <PluginLog id={plugin.id} />
      <PluginEvents events={plugin.events} />
      <RemovePlugin plugin={plugin} />
    </>
  );
}
