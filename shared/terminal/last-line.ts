import { Line } from './line.ts';
import type { Progress } from './osc.ts';
import { Screen } from './screen.ts';

const MAX_CHARS = 300;

/** The newest line that a run shows, as plain text. A block that is drawn again counts as its last drawing. */
export class LastLine {
  /** How far the program says it is; null when it does not say. */
  progress: Progress | null = null;
  readonly #screens = { stdout: this.#newScreen(), stderr: this.#newScreen() };
  #newest: 'stdout' | 'stderr' = 'stdout';

  feed(stream: 'stdout' | 'stderr', text: string): void {
    this.#screens[stream].feed(text);
    this.#newest = stream;
  }

  /** No more output comes. */
  end(): void {
    this.#screens.stdout.end();
    this.#screens.stderr.end();
  }

  /** At most 300 characters of it; empty when nothing was printed. */
  get text(): string {
    const other = this.#newest === 'stdout' ? 'stderr' : 'stdout';
    return lastOf(this.#screens[this.#newest]) || lastOf(this.#screens[other]);
  }

  #newScreen(): Screen<Line> {
    return new Screen({
      make: ({ ground }) => new Line(ground),
      // Newer lines stand below them.
      passed: () => undefined,
      left: () => undefined,
      progress: (progress) => {
        this.progress = progress;
      },
    });
  }
}

function lastOf(screen: Screen<Line>): string {
  for (const line of screen.lines.toReversed()) {
    const text = line.text.trim();
    if (text !== '') return text.slice(0, MAX_CHARS);
  }
  return '';
}
