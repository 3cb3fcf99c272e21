import type { List } from '../../../../shared/api.ts';
import type { Terminal, TerminalCreate } from '../../../../shared/terminals.ts';
import { agent, call, read, until } from '../../api.ts';
import { isAnything, listOf } from '../../guards.ts';
import { isTerminal } from './guards.ts';
import type { Drawn } from './history.ts';

/** What the page asks about terminals. Each call throws ToruError. */

const { terminals } = agent;

export const listTerminals = (signal?: AbortSignal): Promise<List<Terminal>> =>
  read(listOf(isTerminal), terminals.$get({ query: { limit: '200' } }, until(signal)));
export const getTerminal = (id: string, signal?: AbortSignal): Promise<Terminal> =>
  read(isTerminal, terminals[':id'].$get({ param: { id } }, until(signal)));
/** Oldest first. @throws ToruError */
export async function linesAbove(id: string, place: Drawn & { skip: number; lines: number }, signal: AbortSignal): Promise<string[]> {
  const { cursor, ...rest } = place;
  const numbers = Object.entries({ ...rest, above: cursor }).map(([name, value]) => [name, String(value)]);
  const text = await (await call(`/api/terminals/${id}/scrollback?format=ansi&${new URLSearchParams(numbers)}`, { signal })).text();
  return text.split('\n').slice(0, -1);
}
/** The password is asked for where it was typed too long ago. */
export const openTerminal = (json: Partial<TerminalCreate>): Promise<Terminal> => read(isTerminal, terminals.$post({ json }));
/** Of one that ended: removes it. */
export const closeTerminal = (id: string): Promise<unknown> => read(isAnything, terminals[':id'].$delete({ param: { id } }));
