import type { Emulator } from './emulator.ts';
import { Predictions, type Shown } from './predictions.ts';

/** While something is predicted, it is looked so often whether it is still to be. */
const LOOK_MS = 200;

/** Draws predictions over the emulator's screen, and nothing into it. */
export class PredictionOverlay {
  readonly #emulator: Emulator;
  readonly #predictions = new Predictions();
  readonly #layer: HTMLElement;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param screen the element that the characters are drawn in. */
  constructor(emulator: Emulator, screen: Element) {
    this.#emulator = emulator;
    this.#layer = document.createElement('div');
    this.#layer.className = 'predictions';
    this.#layer.setAttribute('aria-hidden', 'true');
    screen.append(this.#layer);
  }

  typed(data: string): void {
    this.#predictions.typed(data, this.#shown(), performance.now());
    this.#draw();
  }

  printed(): void {
    this.#predictions.compare(this.#shown(), performance.now());
    this.#draw();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#layer.remove();
  }

  #shown(): Shown {
    const { term } = this.#emulator;
    const { active } = term.buffer;
    return {
      x: active.cursorX,
      y: active.baseY + active.cursorY,
      cols: term.cols,
      drawsItself: active.type === 'alternate' || term.modes.mouseTrackingMode !== 'none',
      character: (x, y) => {
        const characters = active.getLine(y)?.getCell(x)?.getChars() ?? '';
        return characters === '' ? ' ' : characters;
      },
    };
  }

  #draw(): void {
    clearTimeout(this.#timer);
    const { drawn, underlined } = this.#predictions;
    const cell = this.#emulator.cell();
    const top = this.#emulator.term.buffer.active.viewportY;
    const last = drawn.at(-1);
    this.#layer.replaceChildren();
    if (cell === null || last === undefined) return;
    const place = (character: string, x: number, y: number, name: string): HTMLElement => {
      const element = document.createElement('span');
      element.className = name;
      element.textContent = character;
      element.style.left = `${x * cell.width}px`;
      element.style.top = `${(y - top) * cell.height}px`;
      element.style.width = `${cell.width}px`;
      element.style.height = element.style.lineHeight = `${cell.height}px`;
      return element;
    };
    this.#layer.style.fontSize = `${this.#emulator.term.options.fontSize ?? 14}px`;
    const name = underlined ? 'predicted predicted-slow' : 'predicted';
    this.#layer.append(
      ...drawn.map(({ character, x, y }) => place(character, x, y, name)),
      place('', last.x + 1, last.y, 'predicted-cursor'),
    );
    this.#timer = setTimeout(() => {
      this.#predictions.expire(performance.now());
      this.#draw();
    }, LOOK_MS);
  }
}
