import { isUtf8 } from 'node:buffer';
import { quote } from './folder.ts';

/** Names on Linux are bytes; what can't be said in JSON can't be asked for by name. */

/** Null for a name that is UTF-8, as it stands. */
export function problemOfName(name: Buffer, folder: string): { shown: string; problem: string } | null {
  if (isUtf8(name)) return null;
  const wanted = name.toString('latin1').replace(/[\x80-\x9f]/g, '_');
  const fix = `cd ${quote(folder)} && mv -- "$(printf '${octal(name)}')" ${quote(wanted)}`;
  return { shown: escaped(name), problem: `Its name is not UTF-8, so it can’t be run. Rename it: ${fix}` };
}

/** `caf\xe9.sh`: tells two such names apart, where U+FFFD would make them one. */
function escaped(name: Buffer): string {
  return [...name]
    .map((byte) => (byte < 0x20 || byte > 0x7e || byte === 0x5c ? `\\x${byte.toString(16).padStart(2, '0')}` : char(byte)))
    .join('');
}

/** For printf(1) of every shell. */
function octal(name: Buffer): string {
  return [...name].map((byte) => (/[\w.-]/.test(char(byte)) ? char(byte) : `\\${byte.toString(8).padStart(3, '0')}`)).join('');
}

function char(byte: number): string {
  return String.fromCharCode(byte);
}
