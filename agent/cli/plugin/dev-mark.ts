import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from '../home-of.ts';
import type { Io } from '../io.ts';

/**
 * Says that a plugin stands in TORU_HOME/plugins only while somebody writes it. Beside the plugin, not in it: it is no
 * part of what is accepted. Hidden: it is no plugin.
 */
function fileOf(env: Io['env'], id: string): string {
  return join(homeOf(env), 'plugins', `.dev-${id}`);
}

export function isDev(env: Io['env'], id: string): boolean {
  return existsSync(fileOf(env, id));
}

/** The fate of a plugin’s data when the plugin goes: `keep` where an earlier installation had left something. */
type Fate = 'keep' | 'remove';

/** @param fate holds until `unmarkDev`, also for the next one when this one is killed. */
export function markDev(env: Io['env'], id: string, fate: Fate): void {
  writeFileSync(fileOf(env, id), `${fate}\n`, { mode: 0o600 });
}

/** The decision that the mark holds. Without a readable mark the data is kept. */
export function fateOf(env: Io['env'], id: string): Fate {
  return readFileSync(fileOf(env, id), 'utf8').trim() === 'remove' ? 'remove' : 'keep';
}

export function unmarkDev(env: Io['env'], id: string): void {
  rmSync(fileOf(env, id), { force: true });
}
