import { type Client, good } from './agent-client.ts';
import { UsageError } from './io.ts';

/** A terminal by its id, the beginning of one, its name, or `last`. @throws UsageError */
export async function findTerminal(client: Client, word: string): Promise<string> {
  const { items } = await (await good(client.terminals.$get({ query: { limit: '200' } }))).json();
  if (word === 'last' && items[0] !== undefined) return items[0].id;
  const named = items.filter(({ id, name, state }) => id.startsWith(word) || (name === word && state !== 'ended'));
  const [found, more] = named;
  if (found === undefined) throw new UsageError(`There is no terminal “${word}” (see: toru terminal list).`);
  if (more !== undefined)
    throw new UsageError(`“${word}” is the beginning of several terminals, or the name of them. Type more of the id.`);
  return found.id;
}
