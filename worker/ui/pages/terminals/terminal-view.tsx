import { useEffect, useRef } from 'preact/hooks';
import type { Terminal } from '../../../../shared/terminals.ts';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { openEmulator } from './emulator.ts';
import { TerminalStream } from './terminal-stream.ts';
import './terminals.css';

/** Changes of the window's size come in rows; the last one counts. */
const RESIZED_MS = 100;

/** A terminal, live: it shows what is printed, and takes what is typed. */
export function TerminalView({ id, changed }: { id: string; changed: (terminal: Terminal) => void }) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(changed);
  latest.current = changed;
  useEffect(() => {
    if (host.current === null) return;
    const { term, room, close } = openEmulator(host.current, false);
    // A terminal has one size: of whoever typed or resized last, or of the only one who looks.
    let mine = false;
    let replaying = true;
    const takeSize = (): void => {
      const size = room();
      mine = true;
      if (size !== null && (size.cols !== term.cols || size.rows !== term.rows)) stream.resize(size.cols, size.rows);
    };
    const stream = new TerminalStream(id, {
      attached: (terminal) => {
        term.resize(terminal.cols, terminal.rows);
        term.options.disableStdin = terminal.right === 'look' || terminal.state === 'ended';
        latest.current(terminal);
        if (terminal.viewers <= 1 && terminal.right !== 'look') takeSize();
      },
      screen: ({ data, cols, rows }) => {
        term.reset();
        term.resize(cols, rows);
        term.write(data);
      },
      output: (data, taken) =>
        term.write(data, () => {
          replaying = false;
          taken();
        }),
      gap: () => term.reset(),
      resized: (cols, rows) => term.resize(cols, rows),
      ended: () => {
        term.options.disableStdin = true;
        term.options.cursorInactiveStyle = 'none';
      },
      failed: (code, message) => {
        if (code !== 'unknown_terminal') toast(message, 'bad');
      },
    });
    const typed = term.onData((data) => {
      // Answers to what a program asked long ago are nobody's to give.
      if (replaying && data.startsWith('\x1b[')) return;
      if (!mine) takeSize();
      if (!stream.type(data)) toast(t('Not connected: nothing was typed.'), 'bad');
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const observer = new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (mine) takeSize();
      }, RESIZED_MS);
    });
    observer.observe(host.current);
    term.focus();
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      typed.dispose();
      stream.close();
      close();
    };
  }, [id]);
  return <div class="terminal" ref={host} dir="ltr" />;
}
