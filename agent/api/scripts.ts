import type { List, Script } from '../../shared/model.ts';
import { router } from './env.ts';
import type { Rooms } from './rooms.ts';

/** The scripts in scripts_dir: for admins. */
export function scriptsApi({ scripts }: Rooms) {
  return router().get('/', async (c) => c.json<List<Script>>({ items: await scripts.list(), next_cursor: null }));
}
