import { isAbsolute } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { PluginSettingsPatch } from '../../shared/plugin-schemas.ts';
import type { PluginDetails } from '../../shared/plugins.ts';
import type { Caller } from '../users/caller.ts';
import { admin, adminLately, authorize } from '../users/permissions.ts';
import { installInto } from './installed/install-plugin.ts';
import { changedSettings, secretValues, settingsFor } from './installed/setting-values.ts';
import type { PluginsOptions } from './plugins-options.ts';
import type { Units } from './units.ts';

/** What admins do to plugins: each act is asked for its right, done in turn, written to the audit and to the plugin's history. */
export class PluginAdmin {
  readonly #o: Pick<PluginsOptions, 'audit' | 'kv'>;
  readonly #units: Units;

  constructor(options: Pick<PluginsOptions, 'audit' | 'kv'>, units: Units) {
    this.#o = options;
    this.#units = units;
  }

  /**
   * Starts it, now and with every agent, until it is disabled.
   * @param accepted.sha256 of the files that the admin looked at: needed where they are new or changed.
   * @returns when it is up, has failed once, or is taking its time.
   * @throws ToruError unknown_plugin, plugin_invalid, plugin_changed with `extra.sha256`, forbidden, reauth_required.
   */
  enable(caller: Caller, id: string, { sha256 }: { sha256?: string | undefined }): Promise<PluginDetails> {
    return this.#units.acts.run(id, async () => {
      authorize(caller, admin);
      const accepting = sha256 !== undefined && this.#mayAccept(caller, id, sha256) ? sha256 : null;
      const inspected = await this.#units.found.look(id, accepting);
      const { row, supervised } = this.#units.known(id);
      if (!row.enabled) authorize(caller, adminLately);
      if (inspected === null) throw new ToruError('plugin_invalid', 'Its files are gone. Install it again.');
      if (inspected.problem !== null || inspected.sha256 === null)
        throw new ToruError('plugin_invalid', inspected.problem ?? 'It can’t be read.');
      if (inspected.sha256 !== row.accepted_sha256) {
        if (inspected.sha256 !== sha256) throw mustAccept(inspected.sha256, sha256);
        if (inspected.manifest === null) throw new ToruError('plugin_invalid', 'It does not say what it is.');
        await supervised.stop('restart');
        const { manifest, bundle_sha256 } = inspected;
        this.#units.registry.set(id, { accepted_sha256: sha256, manifest, bundle_sha256 });
        this.#units.journal.note(id, 'accepted', `${caller.username} accepted its files.`, { sha256, version: manifest.version });
        this.#audit(caller, 'plugin.accept', id, { sha256, version: manifest.version });
      }
      this.#units.registry.set(id, { enabled: true, failed: null });
      if (!row.enabled) {
        this.#units.journal.note(id, 'enabled', `${caller.username} enabled it.`);
        this.#audit(caller, 'plugin.enable', id);
      }
      supervised.start();
      await supervised.settled(this.#units.timing.settleMs);
      return this.#units.details(id);
    });
  }

  /** Stops it, and does not start it again. @throws ToruError unknown_plugin, forbidden. */
  disable(caller: Caller, id: string): Promise<PluginDetails> {
    return this.#units.acts.run(id, async () => {
      authorize(caller, admin);
      const { row, supervised } = this.#units.known(id);
      this.#units.registry.set(id, { enabled: false, failed: null });
      if (row.enabled || row.failed !== null) {
        this.#units.journal.note(id, 'disabled', `${caller.username} disabled it.`);
        this.#audit(caller, 'plugin.disable', id);
      }
      await supervised.stop('disabled');
      this.#units.changed(id);
      return this.#units.details(id);
    });
  }

  /** Changes what the patch names; a running plugin is told. @throws ToruError input_invalid, input_undeclared, unknown_plugin. */
  updateSettings(caller: Caller, id: string, patch: PluginSettingsPatch): Promise<PluginDetails> {
    return this.#units.acts.run(id, async () => {
      authorize(caller, admin);
      const { row, inspected, supervised, status } = this.#units.known(id);
      const manifest = row.manifest ?? inspected?.manifest;
      if (manifest == null) throw new ToruError('plugin_invalid', 'It does not say which settings it has. Enable it first.');
      const settings = changedSettings(manifest, row.settings, patch);
      if (JSON.stringify(settings) !== JSON.stringify(row.settings)) authorize(caller, adminLately);
      this.#units.registry.set(id, { settings });
      this.#audit(caller, 'plugin.settings', id, { changed: Object.keys(patch) });
      supervised.settings(settingsFor(manifest, settings), secretValues(manifest, settings));
      // It may have waited for just this.
      if (row.enabled && status.phase === 'idle') supervised.start();
      this.#units.changed(id);
      return this.#units.details(id);
    });
  }

  /**
   * Takes a plugin from a folder or an archive (.tgz) of this host. Nothing of it is run: it is enabled like any other.
   * Only for who is on the host. @param path absolute. @throws ToruError bad_request, not_found, plugin_invalid, conflict, forbidden, reauth_required.
   */
  install(caller: Caller, path: string): Promise<PluginDetails> {
    // The plugin has no id yet.
    return this.#units.acts.run('', async () => {
      authorize(caller, adminLately);
      // Whoever names a path of this host must be on it: a session elsewhere could copy out any folder.
      if (caller.via !== 'local') throw new ToruError('forbidden', 'Plugins are installed on the host itself: toru plugin install.');
      if (!isAbsolute(path))
        throw new ToruError('bad_request', 'An absolute path of this host is expected, such as /home/me/weather-1.0.0.tgz.');
      const { id, version } = await installInto(this.#units.folder, path);
      this.#audit(caller, 'plugin.install', id, { version });
      await this.#units.found.look(id);
      this.#units.journal.note(id, 'installed', `${caller.username} installed version ${version}.`, { version });
      return this.#units.details(id);
    });
  }

  /**
   * Stops it and removes its files.
   * @param options.data what becomes of its storage, settings, history and log. @throws ToruError unknown_plugin, forbidden, reauth_required.
   */
  uninstall(caller: Caller, id: string, { data }: { data: 'keep' | 'remove' }): Promise<void> {
    return this.#units.acts.run(id, async () => {
      authorize(caller, adminLately);
      const { row, supervised } = this.#units.known(id);
      this.#units.registry.set(id, { enabled: false, failed: null });
      await supervised.stop('uninstalled');
      await this.#units.found.removeFiles(id);
      this.#audit(caller, 'plugin.uninstall', id, { data, version: row.manifest?.version ?? null });
      if (data === 'keep') {
        this.#units.journal.note(id, 'uninstalled', `${caller.username} uninstalled it. What it keeps is still there.`);
        return;
      }
      this.#o.kv.removeAll(id);
      this.#units.forget(id);
    });
  }

  #mayAccept(caller: Caller, id: string, sha256: string): boolean {
    if (this.#units.get(id)?.row.accepted_sha256 === sha256) return false;
    authorize(caller, adminLately);
    return true;
  }

  #audit(caller: Caller, event: string, target: string, detail: Record<string, unknown> = {}): void {
    this.#o.audit.record({ event, caller, target, outcome: 'ok', detail });
  }
}

function mustAccept(sha256: string, given: string | undefined): ToruError {
  const why = given === undefined ? 'Its files are new, or were changed.' : 'Its files were changed since you looked at them.';
  return new ToruError('plugin_changed', `${why} Look at them, and enable it with their sha256 to accept them.`, { extra: { sha256 } });
}
