import type { LinePlace, OutputTime } from '../../../shared/output-places.ts';
import { agent, read } from '../api.ts';
import { isRecord } from '../guards.ts';

/** Where lines and moments are in a run's output, as the host counts them. */

function isLinePlace(value: unknown): value is LinePlace {
  return isRecord(value) && typeof value['line'] === 'number' && typeof value['cursor'] === 'number';
}

function isOutputTime(value: unknown): value is OutputTime {
  return isRecord(value) && typeof value['cursor'] === 'number' && typeof value['time'] === 'string';
}

/** The number of the line that holds a cursor. @throws ToruError. */
export function lineAt(id: string, cursor: number): Promise<LinePlace> {
  return read(isLinePlace, agent.runs[':id'].lines.$get({ param: { id }, query: { cursor: String(cursor) } }));
}

/** Where a line begins; the last one, when there are fewer. @throws ToruError. */
export function lineBegin(id: string, line: number): Promise<LinePlace> {
  return read(isLinePlace, agent.runs[':id'].lines.$get({ param: { id }, query: { line: String(line) } }));
}

/** When the output between two cursors was printed. @throws ToruError. */
export async function timesOf(id: string, from: number, to: number): Promise<OutputTime[]> {
  const query = { from: String(from), to: String(to) };
  const { items } = await read(isTimes, agent.runs[':id'].times.$get({ param: { id }, query }));
  return items;
}

function isTimes(value: unknown): value is { items: OutputTime[] } {
  return isRecord(value) && Array.isArray(value['items']) && value['items'].every(isOutputTime);
}
