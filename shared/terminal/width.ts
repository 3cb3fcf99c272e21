/** East Asian Wide and Fullwidth without emoji, as in Unicode 15: pairs of first and last. */
const WIDE = [
  0x1100, 0x115f, 0x2329, 0x232a, 0x2e80, 0x303e, 0x3041, 0x3247, 0x3250, 0xa4c6, 0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10,
  0xfe19, 0xfe30, 0xfe6b, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x1b2fb, 0x1d300, 0x1d376, 0x1f200, 0x1f202, 0x1f210, 0x1f23b, 0x1f240,
  0x1f248, 0x1f250, 0x1f251, 0x1f260, 0x1f265, 0x20000, 0x2fffd, 0x30000, 0x3fffd,
];
const EMOJI = /^\p{Emoji_Presentation}/u;
const PICTURE = /^\p{Extended_Pictographic}/u;
const MAY_BE_EMOJI = /^\p{Emoji}/u;
/** Marks that stand on the character before them, what joins or chooses between forms, and the later parts of Korean syllables. */
const ZERO = /^[\p{M}\p{Cf}\u0e33\u0eb3\u1160-\u11ff\ud7b0-\ud7c6\ud7cb-\ud7fb]/u;
const REGION = /^[\u{1f1e6}-\u{1f1ff}]/u;
const ONE_REGION = /^[\u{1f1e6}-\u{1f1ff}]$/u;
const SKIN = /^[\u{1f3fb}-\u{1f3ff}]/u;
const ZERO_WIDTH_JOINER = '\u200d';
const AS_EMOJI = '\ufe0f';
/** A character with more marks than this is no character, but an attack. */
const MAX_CLUSTER = 64;

/** How many cells of a terminal a character takes, alone: 0, 1 or 2. @param char one code point. */
export function widthOf(char: string): 0 | 1 | 2 {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  // Half a flag is narrow.
  if (isWide(code) || (EMOJI.test(char) && !REGION.test(char))) return 2;
  return ZERO.test(char) ? 0 : 1;
}

/** Whether a code point belongs to the character that stands before it, and does not begin one. @param before that character. */
export function joins(before: string, char: string): boolean {
  if (before === '') return false;
  if (widthOf(char) === 0) return true;
  if (before.endsWith(ZERO_WIDTH_JOINER)) return PICTURE.test(char);
  if (REGION.test(char)) return ONE_REGION.test(before);
  return SKIN.test(char) && PICTURE.test(before);
}

/** The character with what joins it. */
export function joined(before: string, char: string): string {
  return before.length + char.length > MAX_CLUSTER ? before : before + char;
}

/** Whether the joining makes a narrow character a wide one: a heart becomes a picture of one, two letters a flag. */
export function widens(before: string, char: string): boolean {
  return (char === AS_EMOJI && MAY_BE_EMOJI.test(before)) || REGION.test(char);
}

function isWide(code: number): boolean {
  if (code < 0x1100) return false;
  let low = 0;
  let high = WIDE.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (code < (WIDE[middle * 2] ?? 0)) high = middle - 1;
    else if (code > (WIDE[middle * 2 + 1] ?? 0)) low = middle + 1;
    else return true;
  }
  return false;
}
