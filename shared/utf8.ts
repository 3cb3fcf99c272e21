/**
 * Where a chunk of UTF-8 may be cut. Output is kept as bytes and shown as text; every cursor that we give away lies
 * between two characters, so that a viewer that comes back never sees half of one.
 */

/** A text as its UTF-8, a byte a character: for what was bytes and becomes bytes again, without decoding it in between. */
export interface Utf8Text {
  readonly utf8: string;
}

/**
 * How many bytes at the end of `bytes[start, end)` begin a character that is not complete yet: 0 to 3. What can't become
 * a character any more (binary, latin-1) counts as complete, and turns into U+FFFD when it is decoded.
 */
export function incompleteTail(bytes: Uint8Array, start = 0, end = bytes.length): number {
  for (let back = 1; back <= 3 && end - back >= start; back += 1) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc2 && byte < 0xe0 ? 2 : 1;
    return length > back && validSoFar(bytes, end - back, end) ? back : 0;
  }
  return 0;
}

/** The second byte narrows what the first one promised: no surrogates, nothing overlong, nothing above U+10FFFF. */
function validSoFar(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at] ?? 0;
  if (at + 1 >= end) return true;
  const second = bytes[at + 1] ?? 0;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return false;
  for (let i = at + 2; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x80 || byte > 0xbf) return false;
  }
  return true;
}
