import type { PluginDetails } from '../../../../shared/plugins.ts';
import { bytes } from '../../amounts.ts';
import { Facts } from '../../parts/facts.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { plural, t } from '../../translate.ts';
import { PluginRights } from './rights.tsx';

/** The facts about a plugin now. */
export function PluginAbout({ plugin }: { plugin: PluginDetails }) {
  const { kv, manifest } = plugin;
  return (
    <Section title={t('About')}>
      <Facts
        facts={[
          ...(plugin.started_at === null ? [] : [[t('Started'), <When key="started" at={plugin.started_at} />] as const]),
          ...(plugin.pid === null ? [] : [[t('Process'), String(plugin.pid)] as const]),
          ...(plugin.retry_at === null ? [] : [[t('Starts again'), <When key="retry" at={plugin.retry_at} />] as const]),
          ...(plugin.crashes === 0 ? [] : [[t('Crashes lately'), String(plugin.crashes)] as const]),
          [
            t('Keeps'),
            t('{keys}, {bytes} of {quota_bytes}', { keys: values(kv.keys), bytes: bytes(kv.bytes), quota_bytes: bytes(kv.quota_bytes) }),
          ],
          ...(manifest === null ? [] : [[t('May'), <PluginRights key="may" manifest={manifest} />] as const]),
          ...(manifest?.author === undefined ? [] : [[t('Author'), manifest.author] as const]),
          ...(manifest?.homepage === undefined
            ? []
            : [
                [
                  t('Home page'),
                  <a key="home" href={manifest.homepage} rel="noreferrer" target="_blank">
                    {manifest.homepage}
                  </a>,
                ] as const,
              ]),
          ...(manifest === null || manifest.routes.length === 0
            ? []
            : [
                [
                  t('Routes'),
                  <ul key="routes" class="plugin-may">
                    {manifest.routes.map(({ method, path, description }) => (
                      <li key={`${method} ${path}`}>
                        <code>{`${method} /api/plugins/${plugin.id}${path}`}</code> {description}
                      </li>
                    ))}
                  </ul>,
                ] as const,
              ]),
          [
            t('Files'),
            <code key="files" class="plugin-hash">
              {plugin.sha256 ?? t('gone')}
            </code>,
          ],
        ]}
      />
    </Section>
  );
}

/** "1 value", "12 values". */
export function values(count: number): string {
  return plural(count, '1 value', '{count} values');
}
