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
import { msg, t } from '../../translate.ts';
import { values } from './about.tsx';

/** The way out: a plugin's files go, and what it stored if that is wanted. */
export function RemovePlugin({ plugin }: { plugin: PluginDetails }) {
  const asking = useSignal(false);
  return (
    <Section title={t('Remove')} help={t('Its files go. What it keeps may stay, for when it is installed again.')}>
      <Button kind="danger" onClick={setTo(asking, true)}>
        {t('Uninstall')}
      </Button>
      {asking.value && <Uninstall plugin={plugin} onClose={setTo(asking, false)} />}
    </Section>
  );
}

const DATA = [
  { value: 'keep', label: msg('Keep its data'), help: msg('Installed again, it finds what it had stored.') },
  { value: 'remove', label: msg('Remove its data'), help: msg('Its settings and its log, too. For ever.') },
] as const;

function Uninstall({ plugin, onClose }: { plugin: PluginDetails; onClose: () => void }) {
  const data = useSignal<'keep' | 'remove'>('keep');
  return (
    <Ask
      title={t('Uninstall {name}?', { name: plugin.name })}
      verb={t('Uninstall')}
      doing={t('Uninstalling…')}
      danger
      {...(data.value === 'remove' ? { type: plugin.id } : {})}
      onYes={async () => {
        await uninstallPlugin(plugin.id, data.value);
        navigate('/plugins');
        toast(t('{name} was uninstalled.', { name: plugin.name }), 'ok');
      }}
      onClose={onClose}
    >
      <p>{t('It is stopped, and its folder on the host is removed. It keeps {keys} now.', { keys: values(plugin.kv.keys) })}</p>
      <Choice label={t('What it keeps')} options={DATA} {...bound(data)} />
    </Ask>
  );
}
