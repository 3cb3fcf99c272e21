import { open } from 'node:fs/promises';
import { HEAD_BYTES } from './start-problem.ts';

const MAX_DESCRIPTION = 200;

/** The description of a file, from its beginning. */
export interface Head {
  /** Does it begin with `#!`? */
  shebang: boolean;
  /** The first comment line after the shebang, or empty. */
  description: string;
  bytes: Buffer;
}

/** Reads at most 2 KiB of the file. A file that can't be read says nothing about itself. */
export async function readHead(path: string | Buffer): Promise<Head> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return { shebang: false, description: '', bytes: Buffer.alloc(0) };
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return { ...headOf(buffer.toString('utf8', 0, bytesRead)), bytes: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}

export function headOf(text: string): Omit<Head, 'bytes'> {
  const shebang = text.startsWith('#!');
  if (text.includes('\0')) return { shebang, description: '' };
  for (const line of text.split('\n').slice(shebang ? 1 : 0)) {
    const comment = /^\s*(?:#+|\/\/+|--+|;+|"""|'''|\/\*+|\*)\s*(.*)$/.exec(line);
    if (comment === null) {
      if (line.trim() === '') continue;
      break;
    }
    const text = (comment[1] ?? '')
      .replace(/(?:"""|'''|\*\/)\s*$/, '')
      .replace(/\p{Cc}+/gu, ' ')
      .trim();
    if (text !== '' && !isForTools(text)) return { shebang, description: text.slice(0, MAX_DESCRIPTION) };
  }
  return { shebang, description: '' };
}

/** Comments that speak to an editor, a linter or a lawyer, not to a person who looks for a script. */
function isForTools(comment: string): boolean {
  return /^(?:-\*-|vim?:|shellcheck\b|eslint|biome-|pylint:|ruff:|noqa|type:|SPDX-|copyright\b|©|!|[-=*#_~]+$)/i.test(comment);
}
