/** A shorter one would hide ordinary words. */
const LEAST_BYTES = 6;
/** As long as the runner takes one; a longer line is hidden piece by piece. */
const MOST_BYTES = 1024;

/**
 * What to look for in the output so that none of these secrets is shown: each of their lines, because tools print a key or a
 * certificate line by line.
 */
export function secretWords(secrets: readonly string[]): Buffer[] {
  const words = new Map<string, Buffer>();
  for (const line of secrets.flatMap((secret) => secret.split(/\r?\n/))) {
    const bytes = Buffer.from(line);
    for (let at = 0; at < bytes.length; at += MOST_BYTES) {
      const piece = bytes.subarray(at, at + MOST_BYTES);
      if (piece.length >= LEAST_BYTES) words.set(piece.toString('latin1'), piece);
    }
  }
  return [...words.values()];
}
