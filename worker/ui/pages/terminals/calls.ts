import type { List } from '../../../../shared/api.ts';
import type { Terminal, TerminalCreate } from '../../../../shared/terminals.ts';
import { agent, read, until } from '../../api.ts';
import { isAnything, listOf } from '../../guards.ts';
import { isTerminal } from './guards.ts';

/** What the page asks about terminals. Each call throws ToruError. */

const { terminals } = agent;

export const listTerminals = (signal?: AbortSignal): Promise<List<Terminal>> =>
  read(listOf(isTerminal), terminals.$get({ query: { limit: '200' } }, until(signal)));
export const getTerminal = (id: string, signal?: AbortSignal): Promise<Terminal> =>
  read(isTerminal, terminals[':id'].$get({ param: { id } }, until(signal)));
/** The password is asked for where it was typed too long ago. */
export const openTerminal = (json: Partial<TerminalCreate>): Promise<Terminal> => read(isTerminal, terminals.$post({ json }));
/** Of one that ended: removes it. */
export const closeTerminal = (id: string): Promise<unknown> => read(isAnything, terminals[':id'].$delete({ param: { id } }));
