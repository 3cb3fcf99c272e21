import { MAX_STDIN_FRAME } from '../../../../shared/limits.ts';

/** Of one frame, in UTF-16 units: none of them is more than three bytes, and surrogates stay together. */
const PART = Math.floor(MAX_STDIN_FRAME / 4);

/**
 * A text as one paste: a program that knows pastes (`bracketed`) runs none of its lines before Enter. What would end the paste, or is no
 * text, is left out.
 */
export function pasteOf(text: string, bracketed: boolean): string {
  const lines = text.replace(/\r?\n/g, '\r');
  const plain = lines.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]/g, '');
  return bracketed ? `\x1b[200~${plain}\x1b[201~` : plain;
}

/** Parts of an input that fit into a frame each. */
export function partsOf(data: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < data.length; ) {
    let end = Math.min(data.length, at + PART);
    const last = data.charCodeAt(end - 1);
    if (end < data.length && last >= 0xd800 && last < 0xdc00) end -= 1;
    parts.push(data.slice(at, end));
    at = end;
  }
  return parts;
}
