import type { Style } from './style.ts';

export interface Span {
  text: string;
  style: Style | null;
}

/** A line of output. `id` is never used again; `version` rises with every change, so that a view knows what to draw anew. */
export interface Line {
  readonly id: number;
  readonly kind: 'stdout' | 'stderr' | 'gap';
  /** Where the line begins in the run's output. */
  readonly from: number;
  spans: Span[];
  length: number;
  version: number;
  /** It was cut because it is too long: the next one goes on where it ends. */
  folded: boolean;
}

export function textOf(line: Line): string {
  return line.spans.length === 1 ? (line.spans[0]?.text ?? '') : line.spans.map((span) => span.text).join('');
}

/** Writes `text` at `column`: over what stands there, then on. */
export function write(line: Line, column: number, text: string, style: Style | null): void {
  if (column > line.length) append(line, ' '.repeat(column - line.length), null);
  if (column === line.length) append(line, text, style);
  else {
    const after = cutFrom(line.spans, column + text.length);
    line.spans = cutTo(line.spans, column);
    line.length = column;
    append(line, text, style);
    for (const span of after) append(line, span.text, span.style);
  }
  line.version += 1;
}

/** As `ESC [ n K` at `column`. */
export function erase(line: Line, column: number, part: 0 | 1 | 2): void {
  if (part === 2) {
    line.spans = [];
    line.length = 0;
  } else if (part === 0) {
    if (column < line.length) {
      line.spans = cutTo(line.spans, column);
      line.length = column;
    }
  } else write(line, 0, ' '.repeat(Math.min(column, line.length)), null);
  line.version += 1;
}

function append(line: Line, text: string, style: Style | null): void {
  if (text === '') return;
  const last = line.spans.at(-1);
  if (last !== undefined && last.style === style) last.text += text;
  else line.spans.push({ text, style });
  line.length += text.length;
}

function cutTo(spans: readonly Span[], column: number): Span[] {
  const kept: Span[] = [];
  let at = 0;
  for (const span of spans) {
    if (at >= column) break;
    kept.push(at + span.text.length <= column ? span : { text: span.text.slice(0, column - at), style: span.style });
    at += span.text.length;
  }
  return kept;
}

function cutFrom(spans: readonly Span[], column: number): Span[] {
  const kept: Span[] = [];
  let at = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    if (end > column) kept.push({ text: span.text.slice(Math.max(0, column - at)), style: span.style });
    at = end;
  }
  return kept;
}
