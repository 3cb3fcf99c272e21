import type { Settings } from '../../shared/settings.ts';
import { settingsPatch } from '../../shared/settings.ts';
import { resource, router } from '../http/router.ts';
import { body } from '../http/validate.ts';
import { admin } from '../users/permissions.ts';
import type { Settings as SettingsService } from './settings.ts';

/** The host's settings: for admins. PUT changes what it names and leaves the rest. */
export const settingsApi = resource(
  '/api/settings',
  {
    'GET /': admin,
    // For a new scripts_dir or other env_allow a password typed lately.
    'PUT /': admin,
  },
  ({ settings }: { settings: SettingsService }) =>
    router()
      .get('/', (c) => c.json<Settings>(settings.all()))
      .put('/', body(settingsPatch), async (c) => c.json<Settings>(await settings.update(c.req.valid('json'), c.env.caller))),
);
