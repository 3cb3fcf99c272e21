/** A name or a word of a file inside a sentence; a long one is cut. */
export const quoted = (text: string): string => `“${text.length > 80 ? `${text.slice(0, 79)}…` : text}”`;
