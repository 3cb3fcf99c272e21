import type { PluginManifest } from '../../../../shared/plugins.ts';

/** The rights of a plugin, as its manifest says: an admin who accepts it reads them. */
export function PluginRights({ manifest }: { manifest: PluginManifest }) {
  const { access, capabilities, environment, page } = manifest;
  return (
    <ul class="plugin-may">
      <li>do all that the owner of this host may do: it runs as a program of theirs</li>
      <li>be reached by {access === 'everyone' ? 'everybody who can log in' : 'admins'}</li>
      {capabilities.run.length > 0 && <li>start the actions {list(capabilities.run)}</li>}
      {environment.length > 0 && <li>read the variables {list(environment)}</li>}
      {page !== undefined && (
        <li>show {page.slots.map((slot) => (slot === 'page' ? 'a page' : 'a card')).join(' and ')} here, shut in a frame</li>
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
