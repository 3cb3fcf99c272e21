import type { Member } from '../../shared/members.ts';
import type { Client } from './agent-client.ts';
import { good } from './agent-client.ts';
import { UsageError } from './io.ts';
import { plain } from './terminal-filter.ts';

/** The member by its name, its id, or the beginning of either. @throws UsageError where that is none or several. */
export async function memberNamed(client: Client, typed: string): Promise<Member> {
  const { items } = await (await good(client.members.$get())).json();
  const wanted = typed.toLowerCase();
  const exact = items.filter(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
  const found = exact.length > 0 ? exact : items.filter(({ id, name }) => id.startsWith(wanted) || name.toLowerCase().startsWith(wanted));
  const [member] = found;
  if (member !== undefined && found.length === 1) return member;
  const names = (found.length > 1 ? found : items).map(({ name }) => plain(name)).join(', ');
  if (found.length > 1) throw new UsageError(`“${typed}” may be ${names}. Type more of it.`);
  throw new UsageError(`There is no member “${typed}”. ${names === '' ? 'There is none at all' : `There are ${names}`}.`);
}
