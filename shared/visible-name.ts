import * as z from 'zod';

/** Characters that show nothing, break a line, or turn the direction of what stands beside them: with them a name looks like another one. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u180e\u200b\u202a-\u202e\u2060-\u2069\ufeff]/u;

/** A name that people go by, of a host or an action: what they see is what it is. @param most characters. */
export function visibleName(most: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((text) => !UNSEEN.test(text), 'no control characters, and none that turn the direction of a text');
}

/** For a name that was given elsewhere, such as by the system: without those characters. */
export function withoutUnseen(text: string): string {
  return text.replaceAll(new RegExp(UNSEEN, 'gu'), '');
}
