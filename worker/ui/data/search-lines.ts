import { linesOf } from '../../../shared/lines.ts';
import type { FoundField, FoundPlace, Mark, SearchLine } from '../../../shared/search.ts';
import { isRecord, isRun } from '../guards.ts';

/** The answer's lines as they come; those that an old page does not know are left out. Leaving the loop ends the request. */
export async function* searchLinesOf(response: Response): AsyncGenerator<SearchLine> {
  for await (const line of linesOf(response.body)) {
    const message: unknown = JSON.parse(line);
    if (isSearchLine(message)) yield message;
  }
}

export function isSearchLine(value: unknown): value is SearchLine {
  if (!isRecord(value)) return false;
  const { type, task_id, cursor, runs, bytes, data } = value;
  switch (type) {
    case 'run':
      return isRun(value['run']) && Array.isArray(value['fields']) && value['fields'].every(isField);
    case 'match':
      return typeof task_id === 'string' && isPlace(value);
    case 'more':
      return typeof task_id === 'string' && typeof cursor === 'number';
    case 'progress':
    case 'end':
      return typeof runs === 'number' && typeof bytes === 'number';
    case 'error':
      return typeof data === 'string';
    default:
      return false;
  }
}

function isField(value: unknown): value is FoundField {
  return isRecord(value) && typeof value['name'] === 'string' && typeof value['text'] === 'string' && isMarks(value['marks']);
}

function isPlace(value: Record<string, unknown>): value is Record<keyof FoundPlace, unknown> {
  const { line, cursor, before, after, marks, cut } = value;
  return typeof line === 'string' && typeof cursor === 'number' && isTexts(before) && isTexts(after) && isMarks(marks) && isRecord(cut);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isMarks(value: unknown): value is Mark[] {
  return Array.isArray(value) && value.every((mark) => Array.isArray(mark) && typeof mark[0] === 'number' && typeof mark[1] === 'number');
}
