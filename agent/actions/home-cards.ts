import type { HomeCard } from '../../shared/actions.ts';
import { TILE_SIZES } from '../../shared/actions.ts';
import type { Database } from '../store/database.ts';

/** Where cards of plugins stand among the tiles, and how large they are: as an admin placed them, for everyone. */
export class HomeCards {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In the order of their places. @param plugins those that have a card to show. */
  of(plugins: readonly string[]): HomeCard[] {
    return this.#database
      .prepare<[], { plugin: string; position: number; size: string }>('SELECT * FROM actions_cards ORDER BY position, plugin')
      .all()
      .filter(({ plugin }) => plugins.includes(plugin))
      .map(({ plugin, position, size }) => ({ plugin, position, size: TILE_SIZES.find((known) => known === size) ?? 'normal' }));
  }

  /** Puts these in the place of all that were placed before, but for those of plugins that have nothing to show. @param plugins those that do. */
  place(cards: readonly HomeCard[], plugins: readonly string[]): void {
    const forget = this.#database.prepare<[string]>('DELETE FROM actions_cards WHERE plugin = ?');
    const put = this.#database.prepare<[string, number, string]>(
      `INSERT INTO actions_cards (plugin, position, size) VALUES (?, ?, ?)
       ON CONFLICT (plugin) DO UPDATE SET position = excluded.position, size = excluded.size`,
    );
    this.#database.transaction(() => {
      for (const plugin of plugins) forget.run(plugin);
      for (const { plugin, position, size } of cards) put.run(plugin, position, size);
    })();
  }
}
