/** A line that both texts have, that went, or that came. */
export interface DiffLine {
  kind: 'same' | 'gone' | 'new';
  text: string;
}

/** Where two texts differ too much to be compared line by line, all of the one goes and all of the other comes. */
const MAX_CELLS = 4_000_000;

/** The lines that went from `before` and came in `after`, in order, by the longest common subsequence. */
export function diffOf(before: string, after: string): DiffLine[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }));
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return [...same(a.slice(0, head)), ...middle, ...same(tail === 0 ? [] : a.slice(-tail))];
}

function between(a: readonly string[], b: readonly string[]): DiffLine[] {
  const width = b.length + 1;
  if (a.length * b.length > MAX_CELLS)
    return [...a.map((text): DiffLine => ({ kind: 'gone', text })), ...b.map((text): DiffLine => ({ kind: 'new', text }))];
  // length[i * width + j]: the longest common subsequence of a from i and b from j.
  const length = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const [down = 0, right = 0, both = 0] = [length[(i + 1) * width + j], length[i * width + j + 1], length[(i + 1) * width + j + 1]];
      length[i * width + j] = a[i] === b[j] ? both + 1 : Math.max(down, right);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [gone, come] = [a[i], b[j]];
    if (gone !== undefined && gone === come) {
      lines.push({ kind: 'same', text: gone });
      i += 1;
      j += 1;
    } else if (come === undefined || (gone !== undefined && (length[(i + 1) * width + j] ?? 0) >= (length[i * width + j + 1] ?? 0))) {
      lines.push({ kind: 'gone', text: gone ?? '' });
      i += 1;
    } else {
      lines.push({ kind: 'new', text: come });
      j += 1;
    }
  }
  return lines;
}

/** Of a diff, the changes with so many lines around them; null stands for lines that are left out. */
export function hunksOf(lines: readonly DiffLine[], around = 3): (DiffLine | null)[] {
  const near = new Set<number>();
  for (const [at, { kind }] of lines.entries()) if (kind !== 'same') for (let n = at - around; n <= at + around; n += 1) near.add(n);
  const shown: (DiffLine | null)[] = [];
  for (const [at, line] of lines.entries()) {
    if (near.has(at)) shown.push(line);
    else if (shown.length === 0 || shown.at(-1) !== null) shown.push(null);
  }
  return shown;
}
