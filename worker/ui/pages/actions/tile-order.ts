/** The same ids with `id` at place `to`. */
export function moved(ids: readonly string[], id: string, to: number): string[] {
  const without = ids.filter((one) => one !== id);
  without.splice(Math.max(0, to), 0, id);
  return without;
}

/** What there is, in the wanted order; what nobody has placed yet comes after it, and what is gone is left out. */
export function placed(wanted: readonly string[], there: readonly string[]): string[] {
  return [...wanted.filter((id) => there.includes(id)), ...there.filter((id) => !wanted.includes(id))];
}
