import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { styledDocument } from './styled-document.ts';

const SCROLLBACK_LINES = 5000;

/** The terminal as it is drawn in an element of the page. */
export interface Emulator {
  readonly term: Terminal;
  /** How many columns and rows the element has room for; null while it is not shown. */
  room(): { cols: number; rows: number } | null;
  close(): void;
}

/** @param host the element to draw in. */
export function openEmulator(host: HTMLElement, screenReader: boolean): Emulator {
  const styled = styledDocument();
  const style = getComputedStyle(host);
  const term = new Terminal({
    documentOverride: styled.document,
    scrollback: SCROLLBACK_LINES,
    fontFamily: style.fontFamily,
    fontSize: Number.parseFloat(style.fontSize),
    cursorBlink: false,
    screenReaderMode: screenReader,
    theme: { background: style.backgroundColor, foreground: style.color, cursor: style.color },
  });
  const fit = new FitAddon();
  term.loadAddon(fit);
  term.open(host);
  return {
    term,
    room: () => {
      const proposed = fit.proposeDimensions();
      if (proposed === undefined || !Number.isFinite(proposed.cols) || !Number.isFinite(proposed.rows)) return null;
      return { cols: Math.max(2, proposed.cols), rows: Math.max(1, proposed.rows) };
    },
    close: () => {
      term.dispose();
      styled.drop();
    },
  };
}
