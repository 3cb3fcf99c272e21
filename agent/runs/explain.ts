import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';

/**
 * Why a script could not be started, where its first line tells: the shell's own words (“not found”, though the file is
 * there) puzzle everyone. Null when the code is the script's own doing.
 * @param code its exit code: 126 = found but could not be run, 127 = not found.
 */
export function explainExit(script: string, code: number | null): string | null {
  if (code !== 126 && code !== 127) return null;
  const first = firstLine(script);
  if (first === null) return 'The script was gone, or could not be read, when it was to be started.';
  const [, interpreter] = /^#!\s*(\S+)/.exec(first) ?? [];
  if (interpreter === undefined) return null;
  if (first.endsWith('\r')) {
    return 'The script could not be started: its first line ends in a Windows line break, so its interpreter is not found. Save it with Unix line breaks (LF).';
  }
  try {
    accessSync(interpreter, constants.X_OK);
    return null;
  } catch {
    return `The script could not be started: its first line names ${interpreter}, which is not on this host or may not be run. Install it, or change that line.`;
  }
}

/** Without its line feed. Null when it can't be read. */
function firstLine(script: string): string | null {
  try {
    const fd = openSync(script, 'r');
    try {
      const bytes = Buffer.alloc(256);
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)).split('\n', 1)[0] ?? '';
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
