import { TemplateError } from './error.ts';

/** Steps of a whole evaluation: enough to go through 10,000 items with ten parts each. */
const MAX_STEPS = 200_000;
/** Characters that filters, comparisons and texts may have gone through in it. */
const MAX_CHARACTERS = 32 * 1024 * 1024;
export const MAX_RESULT = 1024 * 1024;

/** What an evaluation may still do: a template can be slow, and can't hang. */
export class Work {
  #steps = MAX_STEPS;
  #characters = MAX_CHARACTERS;

  /** @throws TemplateError when it was the last. */
  step(at: number, steps = 1): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new TemplateError('This template has too much to do: a loop is too long. Let a step do the work.', at);
  }

  /** A text that is read or made; `length` is looked at before it is made. */
  text(at: number, length: number): void {
    if (length > MAX_RESULT) throw new TemplateError('A text of more than 1 MiB would come of this. Let a step write a file.', at);
    this.#characters -= length;
    if (this.#characters < 0)
      throw new TemplateError('This template has too much to do: it goes over long texts too often. Let a step do the work.', at);
  }
}
