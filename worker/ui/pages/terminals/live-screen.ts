import { effect, signal } from '@preact/signals';
import { theme } from '../../theme.ts';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { AnswerMark } from './answer-mark.ts';
import { copiedByProgram } from './clipboard.ts';
import { coloursOf } from './colours.ts';
import { copyText } from './copy-text.ts';
import { type Emulator, openEmulator } from './emulator.ts';
import { Find } from './find.ts';
import { History } from './history.ts';
import { type BarKey, bytesOfKey, type Held, withHeld } from './keys.ts';
import { takeLinks } from './links.ts';
import { partsOf, pasteOf } from './paste.ts';
import { PredictionOverlay } from './prediction-overlay.ts';
import { copyRight, decideCopy, fontSize, readsAloud } from './preferences.ts';
import type { ScreenSource, ScreenStream } from './screen-source.ts';
import { INPUT_MS } from './screen-source.ts';
import { SharedSize } from './shared-size.ts';
import { takeTouch } from './touch.ts';
import { Uploads } from './uploads.tsx';

/** Changes of the window's size come in rows; the last one counts. */
const RESIZED_MS = 100;
/** So often it is said that nothing was typed. */
const COMPLAIN_MS = 5000;
/** So much may be typed before the terminal is there. */
const EARLY_LENGTH = 4096;

export interface LiveScreenEvents {
  /** What the key bar holds down now, which this use of it lets go. */
  takeHeld(): Held;
  openFind(): void;
  /** The focus goes on to what stands behind the terminal. */
  leave(): void;
}

/** A terminal, or that of a run, live on the page: it draws what is printed, and passes on what is typed. */
export class LiveScreen {
  readonly emulator: Emulator;
  readonly size: SharedSize;
  /** May something be typed? */
  readonly typing = signal(false);
  /** What the program calls itself. */
  readonly title = signal('');
  /** Of its folder; `system`: the page's. */
  readonly theme = signal('system');
  /** Files on their way to it; null where none can be sent. */
  readonly uploads: Uploads | null;
  /** Looks for a text in what the emulator has. */
  readonly find: Find;
  /** Is the bar open in which a text is looked for? */
  readonly finding = signal(false);
  /** An address that the person sees before it is opened. */
  readonly address = signal<string | null>(null);
  /** What a program wants to copy, and nobody was asked about yet. */
  readonly copying = signal<string | null>(null);
  /** Counts what a finger selected. */
  readonly selections = signal(0);
  /** Counts the bells. */
  readonly bells = signal(0);
  readonly source: ScreenSource;
  readonly #on: LiveScreenEvents;
  readonly #stream: ScreenStream;
  readonly #answers: AnswerMark;
  readonly #predictions: PredictionOverlay;
  readonly #history: History | null;
  readonly #stops: (() => void)[] = [];
  /** Nothing has come yet that was printed just now. */
  #replaying = true;
  /** Typed before it was known that anything may be typed; null since then. */
  #early: string | null = '';
  #earlyAt = 0;
  /** Something was typed here. */
  #typed = false;
  #complained = Number.NEGATIVE_INFINITY;

  /** @param box shows it, and scrolls. @param host is in the box, and drawn in. */
  constructor(source: ScreenSource, box: HTMLElement, host: HTMLElement, on: LiveScreenEvents) {
    this.source = source;
    this.#on = on;
    this.uploads = source.isTerminal ? new Uploads(source.id) : null;
    this.emulator = openEmulator(host, {
      screenReader: readsAloud.peek(),
      fontSize: fontSize.peek(),
      theme: coloursOf(theme.peek()),
    });
    const { term } = this.emulator;
    this.size = new SharedSize(this.emulator, box, host, (size) => this.#stream.resize(size));
    this.#answers = new AnswerMark(term);
    this.#history = source.above === null ? null : new History(term, source.above);
    this.#stream = this.#follow();
    this.#stops.push(
      this.#watchSize(box),
      takeTouch(host, this.emulator, {
        box,
        font: () => this.size.font,
        zoom: (font) => this.size.zoom(font),
        selected: () => {
          this.selections.value += 1;
        },
      }),
      effect(() => {
        const chosen = this.theme.value === 'system' ? theme.value : this.theme.value;
        term.options.theme = coloursOf(chosen);
        box.style.colorScheme = chosen === 'light' || chosen === 'dark' ? chosen : '';
      }),
      effect(() => {
        term.options.screenReaderMode = readsAloud.value;
      }),
    );
    this.find = new Find(term, () => this.size.leavePlace());
    this.#predictions = new PredictionOverlay(this.emulator, host.querySelector('.xterm-screen') ?? host);
    takeLinks(term, host, (address) => {
      this.address.value = address;
    });
    term.parser.registerOscHandler(52, (data) => this.#copied(data));
    term.attachCustomKeyEventHandler((event) => this.#key(event));
    term.onData((data) => this.#data(data));
    term.onTitleChange((title) => {
      this.title.value = title.slice(0, 200);
    });
    term.onBell(() => {
      if (!this.#replaying) this.bells.value += 1;
    });
  }

  /** A key of the bar. */
  press(key: BarKey): void {
    this.type(bytesOfKey(key, this.#on.takeHeld(), this.emulator.term.modes.applicationCursorKeysMode));
  }

  /** A text as one paste. @param enter presses Enter behind it. */
  paste(text: string, enter: boolean): boolean {
    return this.type(pasteOf(text, this.emulator.term.modes.bracketedPasteMode) + (enter ? '\r' : ''));
  }

  /** Bytes for the program. @returns false when they could not be sent: nothing was typed. */
  type(data: string): boolean {
    if (this.#early !== null) return this.#wait(this.#early + data);
    if (!this.typing.peek()) return false;
    this.#typed = true;
    if (!this.size.mine.peek()) this.size.take();
    this.emulator.term.scrollToBottom();
    for (const part of partsOf(data)) if (!this.#stream.type(part, false)) return this.#unsent();
    this.#predictions.typed(data);
    return true;
  }

  focus(): void {
    this.emulator.term.focus();
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#history?.close();
    this.#predictions.close();
    this.uploads?.close();
    this.#stream.close();
    this.emulator.close();
  }

  /** The answer to `copying`. */
  allowCopy(allow: boolean): void {
    const text = this.copying.peek();
    this.copying.value = null;
    decideCopy(this.source.id, allow ? 'allow' : 'never');
    if (allow && text !== null) void copyText(text);
  }

  /** @returns true: it is dealt with. */
  #copied(data: string): boolean {
    const text = copiedByProgram(data);
    // What was copied long ago is in nobody's clipboard any more.
    if (text === null || this.#replaying) return true;
    const right = copyRight(this.source.id);
    if (right === 'allow') void copyText(text);
    if (right === null) this.copying.value = text;
    return true;
  }

  /** @returns false for the keys that are the page's own. */
  #key(event: KeyboardEvent): boolean {
    if (event.type !== 'keydown') return true;
    const { term } = this.emulator;
    const key = event.key.toLowerCase();
    const own = event.ctrlKey && !event.altKey && !event.metaKey;
    if (own && key === 'c' && term.hasSelection()) {
      void copyText(term.getSelection());
      term.clearSelection();
    } else if (own && event.shiftKey && key === 'f') this.#on.openFind();
    // Tab is the program's: without this key a keyboard would not get out.
    else if (own && key === 'f6') this.#on.leave();
    else return true;
    event.preventDefault();
    return false;
  }

  /** A person who opens a terminal types at once: it goes when the terminal is there, if that is soon. */
  #wait(data: string): boolean {
    const now = performance.now();
    if (data.length > EARLY_LENGTH) return this.#unsent();
    if (this.#early === '') this.#earlyAt = now;
    this.#early = data;
    return true;
  }

  #sendEarly(): void {
    const early = this.#early ?? '';
    this.#early = null;
    if (early === '' || !this.typing.peek()) return;
    if (performance.now() - this.#earlyAt < INPUT_MS) this.type(early);
    else this.#unsent();
  }

  #unsent(): false {
    if (performance.now() - this.#complained > COMPLAIN_MS) {
      this.#complained = performance.now();
      toast(t('Not connected: nothing was typed.'), 'bad');
    }
    return false;
  }

  #data(data: string): void {
    if (this.#answers.isAnswer(data)) {
      if (this.typing.peek()) this.#stream.type(data, true);
      return;
    }
    const pasted = data.startsWith('\x1b[200~');
    this.type(pasted ? data : withHeld(data, this.#on.takeHeld()));
  }

  #follow(): ScreenStream {
    const { term } = this.emulator;
    return this.source.open({
      attached: ({ types, size }) => {
        this.size.lost();
        if (size !== null) this.size.told(size);
        this.typing.value = types;
        term.options.disableStdin = !types;
        this.#sendEarly();
      },
      free: (only) => {
        if (this.typing.peek() && (only === 'any' || this.size.fits())) this.size.take();
      },
      screen: (data, size, cursor) => {
        this.#history?.end();
        term.reset();
        this.size.told(size);
        term.write(data, () => this.#history?.begin({ cursor, cols: size.cols, rows: size.rows }));
      },
      output: (data, { taken, live, cursor }) => {
        // What is drawn again rings no bell, and copies nothing.
        if (live && this.#replaying)
          term.write('', () => {
            this.#replaying = false;
          });
        term.write(data, () => {
          this.#predictions.printed();
          this.#history?.drawn(cursor);
          taken();
        });
      },
      gap: () => {
        this.#history?.end();
        term.reset();
      },
      resized: (size) => this.size.told(size),
      ended: () => {
        this.typing.value = false;
        term.options.disableStdin = true;
        term.options.cursorInactiveStyle = 'none';
      },
      failed: (code, message) => {
        if (code !== 'unknown_terminal') toast(message, 'bad');
      },
    });
  }

  /** The window's size is the terminal's where it is ours; a window that somebody makes wider or narrower who typed here takes it. */
  #watchSize(box: HTMLElement): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let width = innerWidth;
    const observer = new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const wider = width !== innerWidth;
        width = innerWidth;
        if (this.size.mine.peek() || (wider && this.#typed)) this.size.take();
        else this.size.fit();
      }, RESIZED_MS);
    });
    observer.observe(box);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }
}
