import { type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { takeWidths } from '../../../../shared/terminal/emulator-widths.ts';
import { styledDocument } from './styled-document.ts';

const SCROLLBACK_LINES = 5000;
/** Of text against its ground, whatever colours a program chose. */
const CONTRAST = 4.5;

export interface EmulatorLook {
  screenReader: boolean;
  fontSize: number;
  theme: ITheme;
}

/** The terminal as it is drawn in an element of the page. */
export interface Emulator {
  readonly term: Terminal;
  /** The size of a character, in CSS pixels; null while the element is not shown. */
  cell(): { width: number; height: number } | null;
  /** Where the characters are drawn, in the window. */
  area(): DOMRect;
  close(): void;
}

/** @param host the element to draw in. */
export function openEmulator(host: HTMLElement, { screenReader, fontSize, theme }: EmulatorLook): Emulator {
  const styled = styledDocument();
  const term = new Terminal({
    allowProposedApi: true,
    documentOverride: styled.document,
    scrollback: SCROLLBACK_LINES,
    fontFamily: getComputedStyle(host).fontFamily,
    fontSize,
    cursorBlink: false,
    macOptionIsMeta: true,
    minimumContrastRatio: CONTRAST,
    screenReaderMode: screenReader,
    theme,
  });
  takeWidths(term);
  term.open(host);
  const area = (): DOMRect => (host.querySelector('.xterm-screen') ?? host).getBoundingClientRect();
  return {
    term,
    area,
    cell: () => {
      const { width, height } = area();
      return width > 0 && height > 0 ? { width: width / term.cols, height: height / term.rows } : null;
    },
    close: () => {
      term.dispose();
      styled.drop();
    },
  };
}
