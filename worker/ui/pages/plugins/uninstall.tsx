import { useSignal } from '@preact/signals';
import type { PluginDetails } from '../../../../shared/plugins.ts';
import { uninstallPlugin } from '../../data/known-plugins.ts';
import { navigate } from '../../navigation.ts';
import { Ask } from '../../parts/ask.tsx';
import { bound, setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Section } from '../../parts/section.tsx';
import { toast } from '../../toasts.ts';
import { values } from './about.tsx';

/** The way out: a plugin's files go, and what it stored if that is wanted. */
export function RemovePlugin({ plugin }: { plugin: PluginDetails }) {
  const asking = useSignal(false);
  return (
    <Section title="Remove" help="Its files go. What it keeps may stay, for when it is installed again.">
      <Button kind="danger" onClick={setTo(asking, true)}>
        Uninstall
      </Button>
      {asking.value && <Uninstall plugin={plugin} onClose={setTo(asking, false)} />}
    </Section>
  );
}

const DATA = [
  { value: 'keep', label: 'Keep its data', help: 'Installed again, it finds what it had stored.' },
  { value: 'remove', label: 'Remove its data', help: 'Its settings and its log, too. For ever.' },
] as const;

function Uninstall({ plugin, onClose }: { plugin: PluginDetails; onClose: () => void }) {
  const data = useSignal<'keep' | 'remove'>('keep');
  return (
    <Ask
      title={`Uninstall ${plugin.name}?`}
      verb="Uninstall"
      doing="Uninstalling…"
      danger
      {...(data.value === 'remove' ? { type: plugin.id } : {})}
      onYes={async () => {
        await uninstallPlugin(plugin.id, data.value);
        navigate('/plugins');
        toast(`${plugin.name} was uninstalled.`, 'ok');
      }}
      onClose={onClose}
    >
      <p>It is stopped, and its folder on the host is removed. It keeps {values(plugin.kv.keys)} now.</p>
      <Choice label="What it keeps" options={DATA} {...bound(data)} />
    </Ask>
  );
}
