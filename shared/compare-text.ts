/**
 * For `sort`: by the letters, capitals beside their small ones. Not `localeCompare`, whose first call brings 3 MB of every
 * language's rules into memory for as long as the process lives.
 */
export function compareText(a: string, b: string): number {
  return compare(a.toLowerCase(), b.toLowerCase()) || compare(a, b);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
