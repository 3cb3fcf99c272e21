import { useSignal } from '@preact/signals';
import { RefreshCw } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import type { PluginSummary } from '../../../shared/plugins.ts';
import { connection } from '../connection/page-connection.ts';
import { listPlugins, rescanPlugins, withNews } from '../data/known-plugins.ts';
import { useResource } from '../data/resource.ts';
import { isAdmin } from '../own-session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { Line, Listing } from '../parts/listing.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { t } from '../translate.ts';
import './plugins.css';
import { PluginStateBadge } from './plugins/state.tsx';

/** The plugins of this host: what they are, how they are, and the way into each. */
export function Page() {
  const plugins = useResource(listPlugins);
  const looking = useSignal(false);
  useEffect(() => {
    if (!isAdmin.value) return undefined;
    return connection.onPlugin((news) => {
      plugins.update((now) => withNews(now, news));
      // Its data may be gone with it: nobody tells of what there is no more.
      if (news.state === 'missing') setTimeout(() => void plugins.reload(), 500);
    }, plugins.again);
  }, [isAdmin.value]);

  async function look(): Promise<void> {
    looking.value = true;
    try {
      await rescanPlugins();
    } finally {
      await plugins.reload();
      looking.value = false;
    }
  }

  return (
    <div class="narrow">
      <PageHead title={t('Plugins')} lead={t('Programs that your host keeps running: with routes, data and pages of their own.')}>
        {isAdmin.value && (
          <Button
            aria-label={t('Look again')}
            title={t('Look again')}
            icon={<RefreshCw size={18} />}
            busy={looking.value}
            onClick={() => void look().catch(() => undefined)}
          />
        )}
      </PageHead>
      {plugins.problem !== null && (
        <Problem message={plugins.problem} action={<Button onClick={() => void plugins.reload()}>{t('Try again')}</Button>} />
      )}
      {plugins.data === null && plugins.problem === null && <Loading what={t('the plugins')} rows={3} />}
      {plugins.data?.length === 0 && (isAdmin.value ? <NoneYet /> : <Empty title={t('Nothing shared with you yet')} />)}
      {plugins.data !== null && plugins.data.length > 0 && (
        <Section title={t('On this host')} flush>
          <Listing label={t('Plugins')}>
            {plugins.data.map((plugin) => (
              <PluginLine key={plugin.id} plugin={plugin} />
            ))}
          </Listing>
        </Section>
      )}
    </div>
  );
}

function PluginLine({ plugin }: { plugin: PluginSummary }) {
  const hasPage = plugin.page?.slots.includes('page') === true;
  const path = `/plugins/${plugin.id}`;
  const href = isAdmin.value ? { href: `${path}/manage` } : hasPage ? { href: path } : {};
  return (
    <Line
      {...href}
      quiet={!plugin.enabled}
      lead={<Glyph name={plugin.icon} size={24} />}
      title={
        <>
          {plugin.name} <PluginStateBadge state={plugin.state} />
        </>
      }
      acts={isAdmin.value && hasPage && plugin.enabled && <ButtonLink href={path}>{t('Open')}</ButtonLink>}
    >
      <span dir="auto">{plugin.problem ?? plugin.description}</span>
    </Line>
  );
}

const COMMANDS = ['toru plugin install FOLDER', 'toru plugin new my-plugin'];

function NoneYet() {
  return (
    <Empty title={t('No plugins yet')}>
      {t('Install one on the host, or begin one of your own in a minute:')}
      {COMMANDS.map((command) => (
        <span key={command} class="plugin-command">
          <code>{command}</code>
          <CopyButton text={command} label={t('Copy “{command}”', { command })} />
        </span>
      ))}
    </Empty>
  );
}
