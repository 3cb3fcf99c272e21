import type { List, Script } from '../../shared/model.ts';
import type { Services } from '../services.ts';
import { router } from './env.ts';

/** The scripts in scripts_dir: for admins. */
export function scriptsApi({ scripts }: Services) {
  return router().get('/', async (c) => c.json<List<Script>>({ items: await scripts.list(), next_cursor: null }));
}
