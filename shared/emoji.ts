/** A picture, a flag (two regional indicators), or a keycap: what stands in the standard's list of emoji and what devices add to it. */
const EMOJI = /\p{Extended_Pictographic}|^\p{Regional_Indicator}{2}$|^[0-9#*]\uFE0F?\u20E3$/u;

/** Is this one emoji, as a person counts, with nothing beside it? */
export function isOneEmoji(text: string): boolean {
  return EMOJI.test(text) && [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].length === 1;
}
