import { ACTIONS_TABLES } from './actions/actions-tables.ts';
import { AUDIT_TABLES } from './audit/audit-tables.ts';
import { HISTORY_TABLES } from './history/history-tables.ts';
import { PLUGIN_TABLES } from './plugins/plugin-tables.ts';
import { SETTINGS_TABLES } from './settings/settings-tables.ts';
import type { Database } from './store/database.ts';
import { openFile } from './store/database.ts';
import { USERS_TABLES } from './users/users-tables.ts';

/**
 * The steps of the systems that were there first, in the order in which they are on every disk. Nothing is added here: the next
 * step of any system is one of its own (`ownTables()`, store/own-tables.ts). Times are integers, milliseconds since 1970; they become
 * ISO 8601 where they leave the agent.
 */
export const MIGRATIONS: readonly string[] = [
  [SETTINGS_TABLES, USERS_TABLES, ACTIONS_TABLES, HISTORY_TABLES[0], PLUGIN_TABLES[0], AUDIT_TABLES[0]].join('\n'),
  AUDIT_TABLES[1],
  HISTORY_TABLES[1],
  HISTORY_TABLES[2],
  PLUGIN_TABLES[1],
  HISTORY_TABLES[3],
  HISTORY_TABLES[4],
  AUDIT_TABLES[2],
];

/**
 * Opens `toru.db`, made on first use for its owner only, and brings the tables of the first systems up to date.
 * @throws StartError when a newer Toru wrote it: its tables may mean something that this code does not know.
 */
export function openDatabase(file: string): Database {
  return openFile(file, MIGRATIONS);
}
