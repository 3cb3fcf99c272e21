/** The same ids with `id` at place `to`. */
export function moved(ids: readonly string[], id: string, to: number): string[] {
  const without = ids.filter((one) => one !== id);
  without.splice(Math.max(0, to), 0, id);
  return without;
}
