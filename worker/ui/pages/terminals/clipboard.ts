/** What a program may put into the clipboard (OSC 52), at most so many letters of base64. */
const MOST = 1024 * 1024;

/**
 * @param data of OSC 52: `c;` and base64. @returns the text; null for a question, which is never answered, and for what is none.
 */
export function copiedByProgram(data: string): string | null {
  const at = data.indexOf(';');
  const encoded = data.slice(at + 1);
  if (at < 0 || encoded === '' || encoded === '?' || encoded.length > MOST) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
