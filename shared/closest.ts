/**
 * The known word that was probably meant by an unknown one.
 * @returns the known word with the fewest single-letter edits (insert, delete, replace, swap), or null when none is near: more than
 * a third of the letters differ.
 */
export function closest(word: string, known: Iterable<string>): string | null {
  let best: { name: string; edits: number } | null = null;
  for (const name of known) {
    const edits = editsBetween(word.toLowerCase(), name.toLowerCase());
    if (edits <= Math.max(1, Math.floor(Math.max(word.length, name.length) / 3)) && (best === null || edits < best.edits))
      best = { name, edits };
  }
  return best?.name ?? null;
}

/** Optimal string alignment distance: https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance */
function editsBetween(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      rows[i]?.push(Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced, swapped));
    }
  }
  return cell(a.length, b.length);
}
