import { linesOf } from '../../../shared/lines.ts';
import type { FoundField, Mark, SearchLine } from '../../../shared/search.ts';
import { type Guard, isRecord, isRun, list, listOfAll, number, shape, text } from '../guards.ts';

/** The answer's lines as they come; those that an old page does not know are left out. Leaving the loop ends the request. */
export async function* searchLinesOf(response: Response): AsyncGenerator<SearchLine> {
  for await (const line of linesOf(response.body)) {
    const message: unknown = JSON.parse(line);
    if (isSearchLine(message)) yield message;
  }
}

type Line<Type extends SearchLine['type']> = Extract<SearchLine, { type: Type }>;
const isMark: Guard<Mark> = (value): value is Mark => list(value) && number(value[0]) && number(value[1]);
const marks = listOfAll(isMark);
const isField = shape<FoundField>({ name: text, text, marks });
const seen = { runs: number, bytes: number };

const LINES: { [Type in SearchLine['type']]: Guard<Line<Type>> } = {
  run: shape<Line<'run'>>({ run: isRun, fields: listOfAll(isField) }),
  match: shape<Line<'match'>>({
    task_id: text,
    cursor: number,
    line: text,
    before: listOfAll(text),
    after: listOfAll(text),
    marks,
    cut: isRecord,
  }),
  more: shape<Line<'more'>>({ task_id: text, cursor: number }),
  progress: shape<Line<'progress'>>(seen),
  end: shape<Line<'end'>>(seen),
  error: shape<Line<'error'>>({ data: text }),
};

export function isSearchLine(value: unknown): value is SearchLine {
  return isRecord(value) && isType(value['type']) && LINES[value['type']](value);
}

function isType(value: unknown): value is SearchLine['type'] {
  return text(value) && Object.hasOwn(LINES, value);
}
