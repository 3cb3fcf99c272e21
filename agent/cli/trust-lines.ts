import type { MemberWords } from '../../shared/members.ts';
import { plain } from './terminal-filter.ts';

/** What a person types on each member after a recovery. */
export function trustLines(members: readonly MemberWords[]): string[] {
  const width = Math.max(...members.map(({ name }) => plain(name).length));
  return [
    'This home host was recovered. Each member that was one before asks for a word of consent, once, on its own console:',
    ...members.map(({ name, words }) => `  ${plain(name).padEnd(width)}  toru trust ${words.join(' ')}`),
  ];
}
