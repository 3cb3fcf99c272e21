import type { ParseArgsOptionsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import type { Io } from './io.ts';
import { UsageError } from './io.ts';

/** One word after `toru`. */
export interface Command {
  /** For the list of `toru --help`. */
  summary: string;
  /** The text that `toru <command> --help` prints. */
  help: string;
  /** @returns the exit code. @throws UsageError, ToruError. */
  run(args: string[], io: Io): Promise<number>;
}

/** The options and the words of a command line. @throws UsageError for what is not known. */
export function parse<T extends ParseArgsOptionsConfig>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message.split('. To specify')[0] ?? error.message);
    throw error;
  }
}

/** Exactly one word, or none where it may be left out. @throws UsageError */
export function oneWord(words: readonly string[], what: string): string {
  const [word, more] = words;
  if (word === undefined) throw new UsageError(`${what} is missing.`);
  if (more !== undefined) throw new UsageError(`“${more}” is one word too many.`);
  return word;
}

/** The act that the first word names, and the words after it. @throws UsageError */
export function chosen<T>(acts: ReadonlyMap<string, T>, [name, ...words]: readonly string[]): { act: T; words: string[] } {
  const act = acts.get(name ?? '');
  if (act !== undefined) return { act, words };
  throw new UsageError(`${name === undefined ? 'An act is missing' : `“${name}” is not one`}: ${[...acts.keys()].join(', ')}.`);
}

/** @throws UsageError */
export function noWords(words: readonly string[]): void {
  if (words[0] !== undefined) throw new UsageError(`“${words[0]}” is one word too many.`);
}
