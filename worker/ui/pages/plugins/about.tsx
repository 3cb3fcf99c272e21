import type { PluginDetails } from '../../../../shared/plugins.ts';
import { Facts } from '../../parts/facts.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { bytes } from '../../time.ts';
import { PluginRights } from './rights.tsx';

/** The facts about a plugin now. */
export function PluginAbout({ plugin }: { plugin: PluginDetails }) {
  const { kv, manifest } = plugin;
  return (
    <Section title="About">
      <Facts
        facts={[
          ...(plugin.started_at === null ? [] : [['Started', <When key="started" at={plugin.started_at} />] as const]),
          ...(plugin.pid === null ? [] : [['Process', String(plugin.pid)] as const]),
          ...(plugin.retry_at === null ? [] : [['Starts again', <When key="retry" at={plugin.retry_at} />] as const]),
          ...(plugin.crashes === 0 ? [] : [['Crashes lately', String(plugin.crashes)] as const]),
          ['Keeps', `${values(kv.keys)}, ${bytes(kv.bytes)} of ${bytes(kv.quota_bytes)}`],
          ...(manifest === null ? [] : [['May', <PluginRights key="may" manifest={manifest} />] as const]),
          ...(manifest?.author === undefined ? [] : [['Author', manifest.author] as const]),
          ...(manifest?.homepage === undefined
            ? []
            : [
                [
                  'Home page',
                  <a key="home" href={manifest.homepage} rel="noreferrer" target="_blank">
                    {manifest.homepage}
                  </a>,
                ] as const,
              ]),
          ...(manifest === null || manifest.routes.length === 0
            ? []
            : [
                [
                  'Routes',
                  <ul key="routes" class="plugin-may">
                    {manifest.routes.map(({ method, path, description }) => (
                      <li key={`${method} ${path}`}>
                        <code>
                          {method} /api/plugins/{plugin.id}
                          {path}
                        </code>{' '}
                        {description}
                      </li>
                    ))}
                  </ul>,
                ] as const,
              ]),
          [
            'Files',
            <code key="files" class="plugin-hash">
              {plugin.sha256 ?? 'gone'}
            </code>,
          ],
        ]}
      />
    </Section>
  );
}

/** "1 value", "12 values". */
export function values(count: number): string {
  return count === 1 ? '1 value' : `${count} values`;
}
