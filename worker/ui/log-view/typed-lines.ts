/** What was typed into runs on this page, so that their logs can show it where it was typed. In the page's memory only. */

export interface TypedLine {
  /** Where the output stood. */
  cursor: number;
  text: string;
}

const MOST_RUNS = 50;
const MOST_LINES = 500;
const byRun = new Map<string, TypedLine[]>();

/** The lines typed into a run, in their order. The same list grows. */
export function typedInto(taskId: string): readonly TypedLine[] {
  return byRun.get(taskId) ?? made(taskId);
}

/** @param text as the log may show it: never a secret. */
export function noteTyped(taskId: string, cursor: number, text: string): TypedLine {
  const lines = byRun.get(taskId) ?? made(taskId);
  const line = { cursor, text: text.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ') };
  lines.push(line);
  if (lines.length > MOST_LINES) lines.shift();
  return line;
}

function made(taskId: string): TypedLine[] {
  const lines: TypedLine[] = [];
  byRun.set(taskId, lines);
  const [oldest] = byRun.keys();
  if (byRun.size > MOST_RUNS && oldest !== undefined) byRun.delete(oldest);
  return lines;
}
