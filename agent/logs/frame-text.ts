import type { Utf8Text } from '../../shared/utf8.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** For tests: the text that the other end of the link reads. @throws where it is no UTF-8. */
export function textOf(frame: string | Utf8Text): string {
  return typeof frame === 'string' ? frame : decoder.decode(Buffer.from(frame.utf8, 'latin1'));
}
