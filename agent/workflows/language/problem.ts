/** Something wrong in a workspace's files: where it is, and what to do about it. Lines and columns count from 1, columns in UTF-16 units. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  /** A sentence. */
  message: string;
  /** What to write instead; absent where the sentence says it. */
  next?: string;
}

/** As compilers write it, so that editors and terminals make a link of it: `file:line:column message`. */
export function problemLine({ file, line, column, message, next }: Problem): string {
  return `${file}:${line}:${column} ${message}${next === undefined ? '' : ` ${next}`}`;
}

/** In the order of the files, and of the places in each. */
export function inOrder(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const rank = new Map(files.map((file, at) => [file, at]));
  return [...problems].sort((a, b) => (rank.get(a.file) ?? 0) - (rank.get(b.file) ?? 0) || a.line - b.line || a.column - b.column);
}
