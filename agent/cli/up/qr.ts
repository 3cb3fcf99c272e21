import { encode } from 'uqr';
import type { Io } from '../io.ts';

/** Light modules around the code, by which a camera finds it. */
const BORDER = 2;
/** Two modules above each other as one character, by which of the two are light. */
const HALVES = [
  [' ', '▄'],
  ['▀', '█'],
] as const;
/** Black on white, whatever the terminal's own colours are. */
const COLOURS = '\x1b[38;5;231;48;5;16m';
const RESET = '\x1b[0m';

/**
 * A text as a QR code of half blocks, two modules a character.
 * @param colours where the terminal knows them: then the code is dark on light in every theme. Without, it is so in a dark terminal, and
 * light on dark, which cameras read as well, in a light one.
 * @returns its lines; null where it is wider than `columns`.
 */
export function qrLines(text: string, columns: number, colours: boolean): string[] | null {
  const { data, size } = encode(text, { ecc: 'L', border: BORDER });
  if (size > columns) return null;
  const isLight = (row: number, column: number): boolean => data[row]?.[column] !== true;
  const lines: string[] = [];
  for (let row = 0; row < size; row += 2) {
    let line = '';
    for (let column = 0; column < size; column += 1) {
      const [upper, lower] = [isLight(row, column), row + 1 < size && isLight(row + 1, column)];
      line += HALVES[upper ? 1 : 0][lower ? 1 : 0];
    }
    lines.push(colours ? `${COLOURS}${line}${RESET}` : line);
  }
  return lines;
}

/** For a phone's camera, at a terminal that is wide enough; elsewhere nothing. */
export async function printQr({ out, env }: Pick<Io, 'out' | 'env'>, text: string): Promise<void> {
  const { isTTY, columns } = out;
  const dumb = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const lines = isTTY ? qrLines(text, columns, !dumb) : null;
  if (lines !== null) await out.write(`${lines.join('\n')}\n\n`);
}
