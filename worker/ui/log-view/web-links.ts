/** Where addresses of web pages stand in a text, so that they can be followed. What looking costs is bounded by the text's length. */

const ADDRESS = /https?:\/\/[^\s<>"'`|\\^\x00-\x1f\x7f-\x9f]+/gi;
/** What ends a sentence, not an address. */
const MARKS = ".,;:!?'*_";
/** A bracket at the end belongs to the sentence when it was opened before the address. */
const OPENED_BY: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
/** Longer addresses are not followed. */
const MAX_ADDRESS = 2000;
/** More of one line are text: each is a node of the page. */
const MAX_LINKS = 100;

/** The stretches of a text that are addresses: from, to, in UTF-16 units. */
export function webLinksIn(text: string): [from: number, to: number][] {
  const links: [from: number, to: number][] = [];
  if (!text.includes('://')) return links;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    if (found.length > MAX_ADDRESS) continue;
    const address = ended(found);
    if (URL.canParse(address)) links.push([index, index + address.length]);
    if (links.length === MAX_LINKS) break;
  }
  return links;
}

/** Without what belongs to the sentence around it: its marks at the end, and brackets that were opened before it. */
function ended(found: string): string {
  const counts = new Map<string, number>();
  for (const char of found) counts.set(char, (counts.get(char) ?? 0) + 1);
  const count = (char: string): number => counts.get(char) ?? 0;
  let end = found.length;
  for (; end > 0; end -= 1) {
    const last = found.charAt(end - 1);
    const opening = OPENED_BY[last];
    if (opening !== undefined && count(last) > count(opening)) counts.set(last, count(last) - 1);
    else if (!MARKS.includes(last)) break;
  }
  return found.slice(0, end);
}
