const MAX_BYTES = 200;

/**
 * The name under which a file is stored: the person's own without folders, control characters and what a file system refuses, as
 * short as every file system takes.
 */
export function fileNameOf(given: string): string {
  const last = given.split(/[\\/]/).at(-1) ?? '';
  const plain = last
    .toWellFormed()
    .replaceAll(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/^\.+/, '')
    .trim();
  return shorten(plain === '' ? 'file' : plain);
}

/** Its ending stays. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const ending = /\.[A-Za-z0-9.]{1,33}$/.exec(name)?.[0] ?? '';
  let stem = [...name.slice(0, name.length - ending.length)];
  while (Buffer.byteLength(stem.join('') + ending) > MAX_BYTES) stem = stem.slice(0, -1);
  return stem.join('') + ending;
}
