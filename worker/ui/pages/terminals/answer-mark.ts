import type { Terminal } from '@xterm/xterm';

/** A program that wants to know is told when the window gets the focus, or loses it. */
const FOCUS = /^\u001b\[[IO]$/;

/**
 * Tells what a person typed from what the emulator says by itself: while it reads a question of its program, nobody types. It is told so
 * by questions that have an answer, and looks at them only.
 */
export class AnswerMark {
  #answering = false;

  constructor({ parser }: Terminal) {
    const query = (): false => {
      this.#answering = true;
      // What was read at once is over before anything else happens on the page.
      queueMicrotask(() => {
        this.#answering = false;
      });
      return false;
    };
    for (const final of ['c', 'n', 't', 'x', 'y']) parser.registerCsiHandler({ final }, query);
    for (const prefix of ['?', '>', '='])
      for (const final of ['c', 'n', 'q', 'u', 'h', 'S']) parser.registerCsiHandler({ prefix, final }, query);
    parser.registerCsiHandler({ intermediates: '$', final: 'p' }, query);
    parser.registerCsiHandler({ prefix: '?', intermediates: '$', final: 'p' }, query);
    parser.registerDcsHandler({ intermediates: '$', final: 'q' }, query);
    parser.registerDcsHandler({ intermediates: '+', final: 'q' }, query);
    for (const what of [4, 10, 11, 12]) parser.registerOscHandler(what, query);
    parser.registerEscHandler({ final: 'Z' }, query);
  }

  /** @param data of `onData`, in the same moment. */
  isAnswer(data: string): boolean {
    return this.#answering || FOCUS.test(data);
  }
}
