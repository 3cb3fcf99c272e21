import { widthOf } from './width.ts';

/** Not looked up yet. */
const UNKNOWN = 255;
const widths = new Uint8Array(0x20000).fill(UNKNOWN);

interface Emulator {
  readonly unicode: {
    register(provider: { version: string; wcwidth(code: number): 0 | 1 | 2; charProperties(code: number, before: number): number }): void;
    activeVersion: string;
  };
}

function wcwidth(code: number): 0 | 1 | 2 {
  if (code < 0x7f) return code < 0x20 ? 0 : 1;
  if (code < 0xa0) return 0;
  if (code >= widths.length) return widthOf(String.fromCodePoint(code));
  const known = widths[code];
  if (known !== UNKNOWN) return known === 0 ? 0 : known === 2 ? 2 : 1;
  const width = widthOf(String.fromCodePoint(code));
  widths[code] = width;
  return width;
}

/** What an emulator keeps of a character for the next one (IUnicodeService of @xterm/xterm): its width, and whether it joined the one before it. */
function charProperties(code: number, before: number): number {
  const width = wcwidth(code);
  const widthBefore = (before >> 1) & 3;
  const joins = width === 0 && before !== 0 && widthBefore > 0;
  return ((joins ? widthBefore : width) << 1) | (joins ? 1 : 0);
}

/**
 * Gives an emulator the widths of characters that logs are drawn with: those of Unicode 15, as programs count them by now. Its own are
 * older, and an emoji narrow. On the page and on the host they are the same, or a screen would be drawn otherwise than it was.
 */
export function takeWidths({ unicode }: Emulator): void {
  unicode.register({ version: 'toru', wcwidth, charProperties });
  unicode.activeVersion = 'toru';
}
