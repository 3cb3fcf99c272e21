/** Private modes of a terminal that last until they are changed, and whether they are on at first. */
const USUAL = new Map<number, boolean>([
  ...[1, 6, 9, 12, 45, 47, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004].map((mode): [number, boolean] => [
    mode,
    false,
  ]),
  [7, true],
  [25, true],
]);
/** Of each of these at most one is on: the mouse, how it is told, the alternate screen. */
const ONE_OF = [
  [9, 1000, 1002, 1003],
  [1005, 1006, 1015, 1016],
  [47, 1047, 1049],
];
const SOFT_RESET = [1, 6, 7, 12, 25, 45, 66, 1004, 2004];
const MAX_TITLE_CHARS = 300;
const CSI = '\u001b[';

/** What a program set in its terminal and expects to find there, however much it prints after it. */
export class TerminalModes {
  /** Those that are not as at first, in the order in which they were set. */
  readonly #changed = new Map<number, boolean>();
  #title = '';
  /** Parameters of the cursor's shape, and of the scroll region; '' as at first. */
  #shape = '';
  #region = '';
  #insert = false;

  set(mode: number, on: boolean): void {
    const usual = USUAL.get(mode);
    if (usual === undefined) return;
    for (const each of ONE_OF.find((modes) => modes.includes(mode)) ?? [mode]) this.#changed.delete(each);
    if (on !== usual) this.#changed.set(mode, on);
  }

  set title(title: string) {
    this.#title = [...title.replaceAll(/\p{Cc}/gu, '')].slice(0, MAX_TITLE_CHARS).join('');
  }

  /** A control sequence that is no private mode. @param parameters all between its introducer and its letter. */
  control(parameters: string, letter: string): void {
    if (letter === 'r' && /^[\d;]*$/.test(parameters)) this.#region = parameters;
    if (letter === 'q' && /^\d* $/.test(parameters)) this.#shape = parameters;
    if (letter === 'p' && parameters === '!') this.#softReset();
    if ((letter === 'h' || letter === 'l') && parameters.split(';').includes('4')) this.#insert = letter === 'h';
  }

  reset(): void {
    this.#changed.clear();
    this.#shape = '';
    this.#region = '';
    this.#insert = false;
  }

  /** What sets them in a terminal that was reset. */
  get sequence(): string {
    const title = this.#title === '' ? '' : `\u001b]0;${this.#title}\u0007`;
    const all = [...this.#changed].map(([mode, on]) => ({
      screen: ONE_OF[2]?.includes(mode) === true,
      text: `${CSI}?${mode}${on ? 'h' : 'l'}`,
    }));
    const written = (screens: boolean): string => all.map(({ screen, text }) => (screen === screens ? text : '')).join('');
    // Each of the two screens has a region of its own.
    const region = this.#region === '' ? '' : `${CSI}${this.#region}r`;
    const shape = this.#shape === '' ? '' : `${CSI}${this.#shape}q`;
    return title + written(true) + region + written(false) + shape + (this.#insert ? `${CSI}4h` : '');
  }

  #softReset(): void {
    for (const mode of SOFT_RESET) this.#changed.delete(mode);
    this.#shape = '';
    this.#region = '';
    this.#insert = false;
  }
}
