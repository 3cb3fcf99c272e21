import { uuid } from '../../shared/ids.ts';
import { MAX_PAGE_SIZE } from '../../shared/limits.ts';
import { type Client, good } from './agent-client.ts';
import { UsageError } from './io.ts';

/**
 * The run that a person means: its id, the beginning of one of the last 200, or `last`.
 * @throws UsageError when none or several fit.
 */
export async function findTask(client: Client, named: string): Promise<string> {
  const id = uuid.safeParse(named);
  if (id.success) return id.data;
  const { items } = await (await good(client.runs.$get({ query: { limit: named === 'last' ? '1' : String(MAX_PAGE_SIZE) } }))).json();
  const fitting = named === 'last' ? items : items.filter((run) => run.task_id.startsWith(named.toLowerCase()));
  const [run] = fitting;
  if (run === undefined)
    throw new UsageError(named === 'last' ? 'There are no runs yet.' : `No run begins with “${named}”. See: toru runs`);
  if (fitting.length > 1) throw new UsageError(`${fitting.length} runs begin with “${named}”. Give more of the id.`);
  return run.task_id;
}
