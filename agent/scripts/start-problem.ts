import { closeSync, constants, openSync, readSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { findProgram, isProgram } from '../process/programs.ts';

/** Why a file can't be started, though it may be run: what its first bytes and this host tell. */
export interface StartProblem {
  /**
   * `interpreter`: nothing of it runs. `machine`: it is a program that this host can't run. `option`: its interpreter refuses what
   * stands behind its name. `shell`: `/bin/sh` runs it, whatever it was written for.
   */
  kind: 'interpreter' | 'machine' | 'option' | 'shell';
  message: string;
}

/** As much of a file as is looked at. */
export const HEAD_BYTES = 2048;
/** Linux reads so much of a first line: https://man7.org/linux/man-pages/man2/execve.2.html, “Interpreter scripts”. */
const LINE_BYTES = 255;
/** An interpreter may be a script itself, so often. */
const MAX_DEPTH = 4;

const WINDOWS = 'its first line ends in a Windows line break';
const SAVE = 'Save it with Unix line breaks (LF).';

/** Reads the file. @returns 'gone' when it can't be read; otherwise as `startProblemOf`. */
export function startProblem(script: string, path: string): StartProblem | 'gone' | null {
  const head = headBytes(script);
  return head === null ? 'gone' : startProblemOf(head, script, path);
}

/**
 * @param head the file's first 2 KiB. @param script its absolute path: a relative interpreter is looked for from its folder,
 * where the script is started. @param path where `env` looks for programs.
 * @returns null when nothing is wrong that can be seen beforehand.
 */
export function startProblemOf(head: Buffer, script: string, path: string): StartProblem | null {
  if (head.subarray(0, 5).equals(Buffer.from('\ufeff#!'))) {
    return shellInstead('a byte order mark stands before “#!”', 'Save it as UTF-8 without that mark.');
  }
  const wrong = foreignProgram(head);
  if (wrong !== null) return cannot('machine', wrong);
  return head.subarray(0, 2).toString('latin1') === '#!' ? problemOfLine(head, dirname(script), path, 0) : null;
}

function problemOfLine(head: Buffer, folder: string, path: string, depth: number): StartProblem | null {
  const end = head.indexOf('\n');
  const line = head.toString('utf8', 2, end === -1 ? Math.min(head.length, LINE_BYTES) : end);
  const [, interpreter = '', argument = ''] = /^[ \t]*([^ \t]*)[ \t]*(.*?)[ \t]*$/s.exec(line) ?? [];
  if (interpreter === '') return null;
  if (2 + line.indexOf(interpreter) + Buffer.byteLength(interpreter) > LINE_BYTES)
    return shellInstead(`the interpreter’s name ends after the first ${LINE_BYTES} bytes of it`, 'Give it a shorter name, by a link.');
  const ownBreak = interpreter.endsWith('\r') || (basename(interpreter) === 'env' && argument.endsWith('\r'));
  if (ownBreak) return cannot('interpreter', `${WINDOWS}, so its interpreter is not found. ${SAVE}`);
  const file = resolve(folder, interpreter);
  if (!isProgram(file)) {
    return cannot(
      'interpreter',
      `its first line names ${interpreter}, which is not on this host or may not be run. Install it, or change that line.`,
    );
  }
  const missing = basename(interpreter) === 'env' ? missingProgram(argument, folder, path) : null;
  if (missing !== null) {
    return cannot('interpreter', `its first line asks for “${missing}”, which is not on this host. Install it, or change that line.`);
  }
  // These two don't mind.
  if (argument.endsWith('\r') && !/^(perl|ruby)/.test(basename(interpreter))) {
    return cannot('option', `${WINDOWS}, which its interpreter takes for a part of its option. ${SAVE}`);
  }
  if (depth >= MAX_DEPTH || /^(\/usr)?(\/local)?\/s?bin\//.test(file)) return null;
  const own = headBytes(file);
  if (own === null) return null;
  const foreign = foreignProgram(own);
  if (foreign !== null) return cannot('machine', `its first line names ${interpreter}, and ${foreign}`);
  // The kernel looks for every one from the script's folder.
  return own.subarray(0, 2).toString('latin1') === '#!' ? problemOfLine(own, folder, path, depth + 1) : null;
}

function shellInstead(why: string, fix: string): StartProblem {
  const message = `The script could not be started as its first line says: ${why}, so this host runs it with /bin/sh. ${fix}`;
  return { kind: 'shell', message };
}

function cannot(kind: StartProblem['kind'], why: string): StartProblem {
  return { kind, message: `The script could not be started: ${why}` };
}

/** The program that `env` would not find; null when it does, or asks for something else. */
function missingProgram(argument: string, folder: string, path: string): string | null {
  // Without -S the whole rest of the line is one word on Linux.
  const split = /^(?:-S|--split-string=?|-[a-z]*S)\s*(.*)$/s.exec(argument);
  const words = split !== null ? (split[1] ?? '').split(/\s+/) : platform() === 'linux' ? [argument] : argument.split(/\s+/);
  const program = words.find((word) => word !== '' && !word.startsWith('-') && !/^[A-Za-z_]\w*=/.test(word));
  // A quote, a variable or an option with a value: nothing that is understood here.
  if (program === undefined || /["'$\\]/.test(argument) || words.some((word) => /^-(u|C)$/.test(word))) return null;
  return findProgram(program, path, folder) === null ? program : null;
}

/** Of elf(5): what Node calls a machine. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'ia32',
  8: 'mips',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};
/** The machines whose programs a machine runs besides its own. */
const ALSO: Readonly<Record<string, readonly string[]>> = { x64: ['ia32'], arm64: ['arm'] };
const PROGRAM_HEADER_INTERPRETER = 3;

/** The machine that a program is for, where that is another one; null for a program of this host, and for a file that is none. */
function foreignProgram(head: Buffer): string | null {
  const magic = head.subarray(0, 4).toString('latin1');
  if (magic === '\x7fELF') {
    if (platform() !== 'linux') return 'it is a program for Linux.';
    const little = head[5] === 1;
    const read = (at: number, bytes: 2 | 4 | 8): number => {
      if (at + bytes > head.length) return 0;
      if (bytes === 8) return Number(little ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at));
      return little ? head.readUIntLE(at, bytes) : head.readUIntBE(at, bytes);
    };
    const number = read(18, 2);
    const machine = MACHINES[number] ?? `a machine of number ${number}`;
    if (machine !== arch() && ALSO[arch()]?.includes(machine) !== true)
      return `it is a program for ${machine}, and this host is ${arch()}.`;
    const loader = loaderOf(head, read);
    return loader === null || isProgram(loader) ? null : `it needs ${loader}, which is not on this host.`;
  }
  if (magic.startsWith('MZ')) return 'it is a program for Windows.';
  if (platform() !== 'darwin' && /^(\xcf\xfa\xed\xfe|\xce\xfa\xed\xfe|\xca\xfe\xba\xbe)$/.test(magic)) return 'it is a program for macOS.';
  return null;
}

/** The loader of a dynamic program, as far as it stands in these first bytes. */
function loaderOf(head: Buffer, read: (at: number, bytes: 2 | 4 | 8) => number): string | null {
  const wide = head[4] === 2;
  const table = wide ? read(32, 8) : read(28, 4);
  const [size, count] = wide ? [read(54, 2), read(56, 2)] : [read(42, 2), read(44, 2)];
  for (let i = 0; i < count; i += 1) {
    const at = table + i * size;
    if (read(at, 4) !== PROGRAM_HEADER_INTERPRETER) continue;
    const offset = wide ? read(at + 8, 8) : read(at + 4, 4);
    const length = wide ? read(at + 32, 8) : read(at + 16, 4);
    const loader = head.toString('latin1', offset, offset + length).replace(/\0+$/, '');
    return loader.startsWith('/') && offset + length <= head.length ? loader : null;
  }
  return null;
}

function headBytes(file: string): Buffer | null {
  try {
    // A pipe in its place must not hold us up.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      return bytes.subarray(0, readSync(fd, bytes, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
