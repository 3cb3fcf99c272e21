import { expect, it } from 'vitest';
import { isOneEmoji } from './emoji.ts';

it.each(['🚀', '🇩🇪', '🇺🇳', '1️⃣', '#️⃣', '*⃣', '❤', '❤️', '👩🏽‍🚒', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏳️‍🌈', '👨‍👩‍👧‍👦', '☎️', '©️', '🫡'])('%s is one', (text) => {
  expect(isOneEmoji(text)).toBe(true);
});

it.each(['', 'a', '1', '#', 'play', '🚀🚀', '🇩🇪🇫🇷', '🇩', '🚀 ', 'x🚀', '1️⃣2️⃣', '12'])('%j is not', (text) => {
  expect(isOneEmoji(text)).toBe(false);
});
