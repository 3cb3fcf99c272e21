import type { PluginManifest } from '../../../../shared/plugins.ts';
import { rich } from '../../rich.ts';
import { t } from '../../translate.ts';

/** The rights of a plugin, as its manifest says: an admin who accepts it reads them. */
export function PluginRights({ manifest }: { manifest: PluginManifest }) {
  const { access, capabilities, environment, page } = manifest;
  return (
    <ul class="plugin-may">
      <li>{t('do all that the owner of this host may do: it runs as a program of theirs')}</li>
      <li>{access === 'everyone' ? t('be reached by everybody who can log in') : t('be reached by admins')}</li>
      {capabilities.run.length > 0 && <li>{rich('start the actions {actions}', { actions: list(capabilities.run) })}</li>}
      {environment.length > 0 && <li>{rich('read the variables {variables}', { variables: list(environment) })}</li>}
      {page !== undefined && (
        <li>
          {page.slots.length > 1
            ? t('show a card and a page here, shut in a frame')
            : page.slots[0] === 'page'
              ? t('show a page here, shut in a frame')
              : t('show a card here, shut in a frame')}
        </li>
      )}
    </ul>
  );
}

function list(names: readonly string[]) {
  return names.map((name, at) => (
    <>
      {at > 0 && ', '}
      <code key={name}>{name}</code>
    </>
  ));
}
