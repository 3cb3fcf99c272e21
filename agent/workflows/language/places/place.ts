/**
 * Where a value stands in a script, and how it is written there.
 *
 * A script comes here as text in which each `{{ … }}` is one character NUL, which no file of a workspace can hold: a *hole*. A reader of the
 * script's language finds out for each hole where it stands. What a reader is not sure about, it refuses.
 */
export const HOLE = '\0';

export type Place =
  /** shell: a word, or a part of one, outside of quotes */
  | 'bare'
  /** shell: inside of double quotes, or in a here-document */
  | 'double'
  /** shell: inside of single quotes */
  | 'single'
  /** shell: `$((…))` and `((…))` */
  | 'arithmetic'
  /** Python, JavaScript, TypeScript: a value of an expression */
  | 'expression'
  /** Python, JavaScript, TypeScript: inside of a plain string literal */
  | 'string'
  | 'comment';

export interface Hole {
  place: Place;
  /** Only a number may stand here. */
  numeric: boolean;
  /** Why no value may stand here: the end of the sentence “A value can’t be put here: …”. */
  refused: string | null;
}

/** The holes of a script, in their order. Readers fill it; the first reason of a refusal stays. */
export class Holes {
  readonly all: Hole[];

  constructor(text: string) {
    this.all = Array.from({ length: text.split(HOLE).length - 1 }, () => ({ place: 'comment' as const, numeric: false, refused: null }));
  }

  put(index: number, place: Place): void {
    const hole = this.all[index];
    if (hole !== undefined) hole.place = place;
  }

  numeric(index: number): void {
    const hole = this.all[index];
    if (hole !== undefined) hole.numeric = true;
  }

  refuse(indexes: Iterable<number>, reason: string): void {
    for (const index of indexes) {
      const hole = this.all[index];
      if (hole !== undefined) hole.refused ??= reason;
    }
  }

  refuseAll(reason: string): void {
    this.refuse(this.all.keys(), reason);
  }
}

/** Thrown by a reader that does not understand a script: no place in it can be told. */
export class Unreadable extends Error {}

/** Reads a script by a reader; one that it does not understand takes no values. */
export function placesBy(reader: (text: string, holes: Holes) => void, text: string): Hole[] {
  const holes = new Holes(text);
  if (holes.all.length === 0) return [];
  try {
    reader(text, holes);
  } catch (error) {
    if (!(error instanceof Unreadable) && !(error instanceof RangeError)) throw error;
    holes.refuseAll(error instanceof Unreadable ? error.message : 'the script is nested too deep');
  }
  return holes.all;
}
