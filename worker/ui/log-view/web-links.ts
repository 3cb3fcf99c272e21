/** Where addresses of web pages stand in a text, so that they can be followed. */

const ADDRESS = /https?:\/\/[^\s<>"'`|\\^\x00-\x1f\x7f-\x9f]+/gi;
/** What ends a sentence, not an address. */
const AFTER = /[.,;:!?'*_]+$/;

/** The stretches of a text that are addresses: from, to, in UTF-16 units. */
export function webLinksIn(text: string): [from: number, to: number][] {
  if (!text.includes('://')) return [];
  return [...text.matchAll(ADDRESS)].flatMap(({ 0: found, index }): [number, number][] => {
    const address = ended(found);
    return URL.canParse(address) ? [[index, index + address.length]] : [];
  });
}

/** Without what belongs to the sentence around it: its mark at the end, and a bracket that was opened before it. */
function ended(found: string): string {
  let address = found.replace(AFTER, '');
  for (const [open, close] of ['()', '[]', '{}']) {
    while (open !== undefined && close !== undefined && address.endsWith(close) && count(address, close) > count(address, open))
      address = address.slice(0, -1).replace(AFTER, '');
  }
  return address;
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}
