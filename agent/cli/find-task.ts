import { uuid } from '../../shared/ids.ts';
import { MAX_PAGE_SIZE } from '../../shared/limits.ts';
import { type Client, good } from './client.ts';
import { UsageError } from './io.ts';

/**
 * The run that a person means: its id, the beginning of one of the last 200, or `last`.
 * @throws UsageError when none or several fit.
 */
export async function findTask(client: Client, message: string): Promise<string> {
  const full = uuid.safeParse(message);
  if (full.success) return full.data;
  const { items } = await (await good(client.runs.$get({ query: { limit: message === 'last' ? '1' : String(MAX_PAGE_SIZE) } }))).json();
  const fitting = message === 'last' ? items : items.filter((run) => run.task_id.startsWith(message.toLowerCase()));
  const [run] = fitting;
  if (run === undefined)
    throw new UsageError(message === 'last' ? 'There are no runs yet.' : `No run begins with “${message}”. See: toru runs`);
  if (fitting.length > 1) throw new UsageError(`${fitting.length} runs begin with “${message}”. Give more of the id.`);
  return run.task_id;
}
