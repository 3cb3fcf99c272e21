import type { PluginDetails } from '../../../../shared/plugins.ts';
import { enablePlugin } from '../../data/known-plugins.ts';
import { Ask } from '../../parts/ask.tsx';
import { PluginRights } from './rights.tsx';

/** Before files run that nobody has accepted yet: what they are, and what they will be allowed. */
export function AcceptPlugin(props: { plugin: PluginDetails; onAccepted: (plugin: PluginDetails) => void; onClose: () => void }) {
  const { plugin } = props;
  const changed = plugin.accepted_sha256 !== null;
  return (
    <Ask
      title={changed ? `Accept the changes of ${plugin.name}?` : `Enable ${plugin.name}?`}
      verb={changed ? 'Accept and enable' : 'Enable'}
      doing="Starting…"
      onYes={async () => props.onAccepted(await enablePlugin(plugin.id, plugin.sha256))}
      onClose={props.onClose}
    >
      {changed && (
        <p>Its files are not those that were accepted. If you did not change or update them, find out who did before you go on.</p>
      )}
      {plugin.manifest === null ? (
        <p>It will run as a program of the host’s owner.</p>
      ) : (
        <>
          <p>It may</p>
          <PluginRights manifest={plugin.manifest} />
        </>
      )}
      <p>
        Its files now: <code class="plugin-hash">{plugin.sha256}</code>
      </p>
    </Ask>
  );
}
