/**
 * The lines of a screen, out of what draws it on an emulator that was reset (agent/terminals/screen): text, line ends, and moves of the
 * cursor. Of programs on the alternate screen, that one.
 */
export function screenLines({ data, cols }: { data: string; cols: number }): string[] {
  const alternate = [...data.matchAll(/\u001b\[\?(?:47|1047|1049)h/g)].at(-1);
  const drawn = alternate === undefined ? data : data.slice(alternate.index);
  const lines: string[][] = [];
  let [x, y] = [0, 0];
  const put = (char: string): void => {
    if (x >= cols) [x, y] = [0, y + 1];
    const line = lines[y] ?? [];
    lines[y] = line;
    while (line.length < x) line.push(' ');
    line[x] = char;
    x += 1;
  };
  for (const [token] of drawn.matchAll(TOKEN)) {
    if (!token.startsWith('\u001b')) {
      if (token === '\r') x = 0;
      else if (token === '\n') y += 1;
      else if (token >= ' ') put(token);
      continue;
    }
    const [, parameters = '', final = ''] = /^\u001b\[([\d;]*)([A-Za-z])$/.exec(token) ?? [];
    const [first = 1, second = 1] = parameters.split(';').map((text) => Number(text) || 1);
    if (final === 'H') [y, x] = [first - 1, second - 1];
    if (final === 'G') x = first - 1;
    if (final === 'C') x += first;
    if (final === 'B') y += first;
    if (final === 'd') y = first - 1;
  }
  return Array.from(lines, (line) => (line ?? []).join(''));
}

/** OSC and other strings; CSI; other escapes; a character. */
const TOKEN = /\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]|[\s\S]/gu;
