import { StartError } from '../start-error.ts';

/**
 * The small part of tar that a snapshot needs: regular files in the ustar form, which every tar reads
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar Interchange Format"). What is read is
 * refused unless it is exactly that: no links, no devices, no folders, no extensions.
 */

export const BLOCK = 512;

export interface TarEntry {
  /** At most 100 bytes of ASCII. */
  name: string;
  size: number;
  /** Milliseconds since 1970. */
  modified: number;
}

/** @throws RangeError for a name that does not fit. */
export function encodeHeader({ name, size, modified }: TarEntry): Buffer {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new RangeError(`not a name for this archive: ${name}`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 'latin1');
  octal(block, 0o600, 100, 8);
  octal(block, 0, 108, 8);
  octal(block, 0, 116, 8);
  // 8 GiB and more do not fit eleven octal digits: then the number is binary, as GNU and BSD tar have it.
  if (size < 8 ** 11) octal(block, size, 124, 12);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  octal(block, Math.floor(modified / 1000), 136, 12);
  block.write('0', 156);
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, checksum(block), 148, 7);
  block[155] = 0x20;
  return block;
}

/** So many zeros follow a file's bytes. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** @returns null for the block of zeros at the end. @throws StartError for all that is no plain file. */
export function decodeHeader(block: Buffer): TarEntry | null {
  if (block.every((byte) => byte === 0)) return null;
  if (checksum(block) !== number(block, 148, 8)) throw broken('a checksum is wrong');
  const type = block[156];
  if (type !== 0x30 && type !== 0) throw broken('it holds something that is not a plain file');
  if (block.toString('latin1', 257, 262) !== 'ustar' || block[345] !== 0) throw broken('it has another form');
  const end = block.indexOf(0);
  return {
    name: block.toString('latin1', 0, end === -1 || end > 100 ? 100 : end),
    size: number(block, 124, 12),
    modified: number(block, 136, 12) * 1000,
  };
}

export function broken(why: string): StartError {
  return new StartError(`That is not a whole snapshot of Toru: ${why}. Nothing was restored.`);
}

/** Of all bytes, those of the checksum itself counted as spaces. */
function checksum(block: Buffer): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

function octal(block: Buffer, value: number, at: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

function number(block: Buffer, at: number, length: number): number {
  if (block[at] === 0x80) {
    const value = block.readBigUInt64BE(at + length - 8);
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || block.subarray(at + 1, at + length - 8).some((byte) => byte !== 0))
      throw broken('a size is wrong');
    return Number(value);
  }
  const text = block.toString('latin1', at, at + length).replace(/[\0 ]+$/, '');
  if (!/^[0-7]+$/.test(text)) throw broken('a number is wrong');
  return Number.parseInt(text, 8);
}
