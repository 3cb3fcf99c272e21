import type { Run } from '../../../shared/runs.ts';
import { agent, read } from '../api.ts';
import { isAnything, isRun } from '../guards.ts';

/** What a person does with a run that is there. */

/** @param note '' takes it away. @returns the run with it. @throws ToruError. */
export function writeNote(id: string, note: string): Promise<Run> {
  return read(isRun, agent.runs[':id'].$patch({ param: { id }, json: { note } }));
}

/** Takes it out of the history, with its output. @throws ToruError. */
export async function deleteRun(id: string): Promise<void> {
  await read(isAnything, agent.runs[':id'].$delete({ param: { id } }));
}

/** TERM to the whole process group now, KILL after ten seconds. @throws ToruError not_running when it just ended. */
export async function cancelRun(id: string): Promise<void> {
  await read(isAnything, agent.runs[':id'].cancel.$post({ param: { id } }));
}
