import { settingsPatch } from '../../shared/api.ts';
import type { Settings } from '../../shared/model.ts';
import type { Services } from '../services.ts';
import { router } from './env.ts';
import { body } from './validate.ts';

/** The host's settings: for admins. PUT changes what it names and leaves the rest. */
export function settingsApi({ settings }: Services) {
  return router()
    .get('/', (c) => c.json<Settings>(settings.all()))
    .put('/', body(settingsPatch), async (c) => c.json<Settings>(await settings.update(c.req.valid('json'), c.env.caller)));
}
