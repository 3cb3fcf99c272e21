import type { Run } from '../../shared/runs.ts';
import { streamedText } from '../http/streamed.ts';

/** The columns of the table, in their order. */
const COLUMNS = [
  'task_id',
  'host',
  'label',
  'action',
  'script',
  'args',
  'inputs',
  'user',
  'source',
  'state',
  'exit_code',
  'signal',
  'reason',
  'created_at',
  'started_at',
  'ended_at',
  'output_bytes',
  'note',
] as const satisfies readonly (keyof Run)[];

/**
 * The history as a file, made page by page as the reader takes it: a table (RFC 4180, in UTF-8 with its mark, as spreadsheets need it),
 * or a JSON array of runs.
 * @param begin the pages; they end when the reader leaves.
 */
export function exportResponse(
  begin: () => AsyncGenerator<Run[], void, undefined>,
  format: 'csv' | 'json',
  now: Date = new Date(),
): Response {
  const pages = begin();
  const pieces = format === 'csv' ? csvOf(pages) : jsonOf(pages);
  const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8';
  return new Response(streamedText(pieces), {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="toru-runs-${now.toISOString().slice(0, 10)}.${format}"`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  });
}

async function* csvOf(pages: AsyncGenerator<Run[], void, undefined>): AsyncGenerator<string, void, undefined> {
  yield `\ufeff${COLUMNS.join(',')}\r\n`;
  for await (const runs of pages) yield runs.map((run) => `${COLUMNS.map((column) => cellOf(run[column])).join(',')}\r\n`).join('');
}

async function* jsonOf(pages: AsyncGenerator<Run[], void, undefined>): AsyncGenerator<string, void, undefined> {
  let before = '[\n';
  for await (const runs of pages) {
    yield runs
      .map((run) => {
        const item = before + JSON.stringify(run);
        before = ',\n';
        return item;
      })
      .join('');
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

/** Quoted where it must be. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const plain = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
