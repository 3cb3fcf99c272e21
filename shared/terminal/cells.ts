import { type Style, sameStyle } from './style.ts';

/** A stretch of a line in one style. */
export interface Span {
  text: string;
  style: Style | null;
}

/** Written cells stand in blocks of so many, and of twice as many where some were put in between. */
const BLOCK = 256;
/** A line in more blocks than these is put together again, in fewer. */
const MAX_BLOCKS = 512;
/** So many blanks are worth a block of their own. */
const MANY_BLANKS = 32;

/** Cells side by side: `blanks` in one style, or as many as there are characters, each with its style. */
interface Block {
  blanks: number;
  ground: Style | null;
  chars: string[];
  styles: (Style | null)[];
}

/**
 * The cells of a line that is changed in place: each has its character, or nothing where it belongs to the one before it, and
 * its style. They stand in blocks: what a change costs is bounded by a block's cells and the number of blocks, however long the
 * line is, so that thousands of changes of a long line cost no more than thousands of a short one.
 */
export class Cells {
  #blocks: Block[] = [];
  #length = 0;
  /** The result of `#find`: the block's index, and the place in it. */
  #index = 0;
  #place = 0;

  get length(): number {
    return this.#length;
  }

  /** The text of a cell: empty when it belongs to the one before it; undefined where there is none. */
  at(column: number): string | undefined {
    if (column < 0 || column >= this.#length) return undefined;
    const block = this.#find(column);
    return block.blanks > 0 ? ' ' : block.chars[this.#place];
  }

  /** Writes from a column on that is not past the end. @param chars one for each cell. */
  write(column: number, chars: readonly string[], style: Style | null): void {
    chars.forEach((char, index) => {
      const block = column + index < this.#length ? this.#written(column + index) : this.#longer();
      block.chars[this.#place] = char;
      block.styles[this.#place] = style;
    });
  }

  /** Changes what stands in a cell; its style stays. */
  rewrite(column: number, char: string): void {
    if (column < this.#length) this.#written(column).chars[this.#place] = char;
  }

  /** Adds blanks at the end. */
  extend(count: number, style: Style | null): void {
    if (count >= MANY_BLANKS) {
      this.#blocks.push(blanks(count, style));
      this.#length += count;
      this.#tidy();
    } else for (let i = 0; i < count; i += 1) this.write(this.#length, BLANK, style);
  }

  /** Makes cells blank that there are, up to before `to`. */
  blank(from: number, to: number, style: Style | null): void {
    if (from >= to) return;
    const { chars, styles } = this.#find(from);
    const end = this.#place + to - from;
    if (end <= chars.length) {
      chars.fill(' ', this.#place, end);
      styles.fill(style, this.#place, end);
    } else this.#replace(from, to, blanks(to - from, style));
  }

  /** Puts blanks in before a cell; from there on all moves to the right. */
  insert(column: number, count: number, style: Style | null): void {
    const block = this.#find(column);
    if (block.blanks > 0 && sameStyle(block.ground, style)) block.blanks += count;
    else if (block.blanks === 0 && block.chars.length + count <= 2 * BLOCK) {
      block.chars.splice(this.#place, 0, ...new Array<string>(count).fill(' '));
      block.styles.splice(this.#place, 0, ...new Array<Style | null>(count).fill(style));
    } else this.#replace(column, column, blanks(count, style));
    this.#length += count;
  }

  /** Takes cells out, up to before `to`; what follows moves to the left. */
  remove(from: number, to: number): void {
    if (from >= to) return;
    const { chars, styles } = this.#find(from);
    const count = to - from;
    if (count < chars.length && this.#place + count <= chars.length) {
      chars.splice(this.#place, count);
      styles.splice(this.#place, count);
    } else this.#replace(from, to);
    this.#length -= count;
  }

  /** Shows each cell from a column on. */
  each(from: number, see: (char: string, column: number) => void): void {
    let column = 0;
    for (const block of this.#blocks) {
      const length = lengthOf(block);
      for (let i = Math.max(0, from - column); i < length; i += 1) see(block.chars[i] ?? ' ', column + i);
      column += length;
    }
  }

  /** The cells' text, in stretches of one style. */
  spans(): Span[] {
    const spans: Span[] = [];
    for (const { chars, styles, blanks, ground } of this.#blocks) {
      if (blanks > 0) addTo(spans, ' '.repeat(blanks), ground);
      for (let from = 0; from < chars.length; ) {
        const style = styles[from] ?? null;
        let to = from + 1;
        while (to < chars.length && sameStyle(styles[to] ?? null, style)) to += 1;
        addTo(spans, chars.slice(from, to).join(''), style);
        from = to;
      }
    }
    return spans;
  }

  /** The block of a cell that there is. */
  #find(column: number): Block {
    let index = this.#blocks.length - 1;
    let first = this.#length - lengthOf(this.#blocks[index]);
    if (column < first) {
      first = index = 0;
      for (let next = lengthOf(this.#blocks[0]); next <= column; next += lengthOf(this.#blocks[index])) {
        first = next;
        index += 1;
      }
    }
    this.#index = index;
    this.#place = column - first;
    return this.#blocks[index] ?? blanks(0, null);
  }

  /** The block of a cell that is to be written. */
  #written(column: number): Block {
    const block = this.#find(column);
    if (block.blanks === 0) return block;
    const first = column - this.#place;
    const from = Math.max(first, column - BLOCK / 2);
    const to = Math.min(first + block.blanks, from + BLOCK);
    const written = blanks(0, null);
    for (let i = from; i < to; i += 1) {
      written.chars.push(' ');
      written.styles.push(block.ground);
    }
    this.#replace(from, to, written);
    return this.#find(column);
  }

  /** The last block, made longer by a cell. */
  #longer(): Block {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.blanks > 0 || block.chars.length >= BLOCK) {
      block = blanks(0, null);
      this.#blocks.push(block);
      this.#tidy();
    }
    this.#place = block.chars.length;
    this.#length += 1;
    return block;
  }

  /** Puts a block, or none, in the place of cells, which may be none. The length is the caller's to change. */
  #replace(from: number, to: number, ...by: Block[]): void {
    const first = this.#cut(from);
    this.#blocks.splice(first, this.#cut(to) - first, ...by);
    this.#tidy();
  }

  /** @returns the index of the block that begins with a column. */
  #cut(column: number): number {
    if (column >= this.#length) return this.#blocks.length;
    const block = this.#find(column);
    const place = this.#place;
    if (place === 0) return this.#index;
    const rest = blanks(Math.max(0, block.blanks - place), block.ground);
    rest.chars = block.chars.splice(place);
    rest.styles = block.styles.splice(place);
    block.blanks -= rest.blanks;
    this.#blocks.splice(this.#index + 1, 0, rest);
    return this.#index + 1;
  }

  #tidy(): void {
    if (this.#blocks.length <= MAX_BLOCKS) return;
    const blocks: Block[] = [];
    let last = blanks(0, null);
    for (const block of this.#blocks) {
      if (block.blanks >= BLOCK) {
        blocks.push(block);
        last = block;
        continue;
      }
      for (let i = 0; i < lengthOf(block); i += 1) {
        if (last.blanks > 0 || last.chars.length >= BLOCK || blocks.length === 0) {
          last = blanks(0, null);
          blocks.push(last);
        }
        last.chars.push(block.chars[i] ?? ' ');
        last.styles.push(block.blanks > 0 ? block.ground : (block.styles[i] ?? null));
      }
    }
    this.#blocks = blocks;
  }
}

const BLANK = [' '];

/** A block of so many blanks; of none, one that is to be written. */
function blanks(count: number, ground: Style | null): Block {
  return { blanks: count, ground, chars: [], styles: [] };
}

function lengthOf(block: Block | undefined): number {
  return block === undefined ? 0 : block.blanks + block.chars.length;
}

/** Adds text to the last stretch, if that has the same style, or as one of its own. */
export function addTo(spans: Span[], text: string, style: Style | null): void {
  const last = spans.at(-1);
  if (last !== undefined && sameStyle(last.style, style)) last.text += text;
  else spans.push({ text, style });
}
