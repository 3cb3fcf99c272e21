/** How well a name fits what was typed; null when it does not. Smaller is better. */
function distance(typed: string, name: string): number | null {
  const at = name.indexOf(typed);
  if (at === 0) return 0;
  // At the beginning of a word, then within one, then its letters in their order.
  if (at > 0) return /[\s_./-]/.test(name.charAt(at - 1)) ? 1 : 2;
  let from = 0;
  for (const letter of typed) {
    const found = name.indexOf(letter, from);
    if (found === -1) return null;
    from = found + 1;
  }
  return 3;
}

/** What fits the typed text, the best first; equally good ones stay in their order. Everything fits nothing typed. */
export function bestMatches<T>(text: string, all: readonly T[], nameOf: (one: T) => string): T[] {
  const typed = text.trim().toLocaleLowerCase();
  return all
    .map((one) => ({ one, far: distance(typed, nameOf(one).toLocaleLowerCase()) }))
    .flatMap(({ one, far }) => (far === null ? [] : [{ one, far }]))
    .sort((a, b) => a.far - b.far)
    .map(({ one }) => one);
}
