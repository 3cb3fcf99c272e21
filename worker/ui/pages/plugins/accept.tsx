import type { PluginDetails } from '../../../../shared/plugins.ts';
import { enablePlugin } from '../../data/known-plugins.ts';
import { Ask } from '../../parts/ask.tsx';
import { rich } from '../../rich.ts';
import { t } from '../../translate.ts';
import { PluginRights } from './rights.tsx';

/** Before files run that nobody has accepted yet: what they are, and what they will be allowed. */
export function AcceptPlugin(props: { plugin: PluginDetails; onAccepted: (plugin: PluginDetails) => void; onClose: () => void }) {
  const { plugin } = props;
  const changed = plugin.accepted_sha256 !== null;
  return (
    <Ask
      title={changed ? t('Accept the changes of {name}?', { name: plugin.name }) : t('Enable {name}?', { name: plugin.name })}
      verb={changed ? t('Accept and enable') : t('Enable')}
      doing={t('Starting…')}
      onYes={async () => props.onAccepted(await enablePlugin(plugin.id, plugin.sha256))}
      onClose={props.onClose}
    >
      {changed && (
        <p>{t('Its files are not those that were accepted. If you did not change or update them, find out who did before you go on.')}</p>
      )}
      {plugin.manifest === null ? (
        <p>{t('It will run as a program of the host’s owner.')}</p>
      ) : (
        <>
          <p>{t('It may')}</p>
          <PluginRights manifest={plugin.manifest} />
        </>
      )}
      <p>{rich('Its files now: {sha256}', { sha256: <code class="plugin-hash">{plugin.sha256}</code> })}</p>
    </Ask>
  );
}
