/**
 * The first cycle of a graph, each of its names once, beginning with the first one in the order of the graph that stands on a cycle.
 * @param edges by name: the names that it leads to; a name that is no key leads nowhere. @returns null when there is none
 */
export function cycleIn(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  for (const start of edges.keys()) {
    if (done.has(start)) continue;
    // A walk of its own stack: a chain of thousands of steps is no recursion of thousands.
    const path = [start];
    const on = new Set(path);
    const rest = [[...(edges.get(start) ?? [])]];
    while (path.length > 0) {
      const next = rest.at(-1)?.shift();
      if (next === undefined) {
        const left = path.pop();
        rest.pop();
        if (left !== undefined) {
          on.delete(left);
          done.add(left);
        }
      } else if (on.has(next)) return path.slice(path.indexOf(next));
      else if (!done.has(next) && edges.has(next)) {
        path.push(next);
        on.add(next);
        rest.push([...(edges.get(next) ?? [])]);
      }
    }
  }
  return null;
}

/** As a person reads it: `a → b → a`. */
export const shownCycle = (names: readonly string[]): string => [...names, names[0] ?? ''].join(' → ');

/** How many names stand on the longest way through a graph without cycles, from each of its names. */
export function depths(edges: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const found = new Map<string, number>();
  const stack = [...edges.keys()];
  while (stack.length > 0) {
    const name = stack.at(-1) ?? '';
    const next = (edges.get(name) ?? []).filter((other) => edges.has(other));
    const missing = found.has(name) ? [] : next.filter((other) => !found.has(other));
    if (missing.length > 0) stack.push(...missing);
    else {
      stack.pop();
      found.set(name, 1 + Math.max(0, ...next.map((other) => found.get(other) ?? 0)));
    }
  }
  return found;
}
