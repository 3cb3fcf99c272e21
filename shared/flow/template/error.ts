/** A template that can't be read, or that came to nothing. `offset` counts the characters of its text before the place. */
export class TemplateError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'TemplateError';
    this.offset = offset;
  }
}
