import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** May this process run that file? */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The file that a system runs for a program's name.
 * @param name as one calls it: with a slash it is a path. @param path its PATH. @param folder where it is called: what is relative begins there.
 * @returns null where there is none.
 */
export function findProgram(name: string, path: string, folder: string = '/'): string | null {
  const candidates = name.includes('/') ? [resolve(folder, name)] : path.split(delimiter).map((each) => resolve(folder, each, name));
  return name === '' ? null : (candidates.find(isProgram) ?? null);
}
