import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * The pid of a process that was asked for in this moment. Node tells most failures by an event that comes later: until then
 * the child has no pid, out of descriptors no streams either, and with nobody listening the event ends the agent.
 * @throws as the system says: nothing runs then.
 */
export async function spawned(child: ChildProcess): Promise<number> {
  if (child.pid !== undefined) return child.pid;
  const [error]: unknown[] = await once(child, 'error');
  throw error;
}
