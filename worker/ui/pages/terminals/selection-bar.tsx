import { useSignal } from '@preact/signals';
import { Copy, X } from 'lucide-preact';
import { useLayoutEffect } from 'preact/hooks';
import { Button } from '../../parts/button.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { t } from '../../translate.ts';
import { copyText } from './copy-text.ts';
import type { LiveScreen } from './live-screen.ts';
import { selected } from './selection.ts';

/** Beside something selected by touch: its ends, which a finger moves, and what can be done with it. */
export function SelectionBar({ screen, touch }: { screen: LiveScreen; touch: boolean }) {
  const { term } = screen.emulator;
  const drawn = useSignal(0);
  useLayoutEffect(() => {
    const draw = (): void => {
      drawn.value += 1;
    };
    const listeners = [term.onSelectionChange(draw), term.onScroll(draw), term.onResize(draw)];
    return () => {
      for (const listener of listeners) listener.dispose();
    };
  }, [screen]);
  if (drawn.value + screen.selections.value < 0 || !touch || !term.hasSelection()) return null;
  return (
    <>
      <Handles screen={screen} />
      <div class="selection-bar" role="toolbar" aria-label={t('Selection')}>
        <Button
          small
          kind="primary"
          icon={<Copy size={18} aria-hidden="true" />}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => {
            void copyText(term.getSelection());
            term.clearSelection();
          }}
        >
          {t('Copy')}
        </Button>
        <Button small onMouseDown={(event) => event.preventDefault()} onClick={() => term.selectAll()}>
          {t('Select all')}
        </Button>
        <IconButton label={t('Select nothing')} icon={<X size={18} aria-hidden="true" />} onClick={() => term.clearSelection()} />
      </div>
    </>
  );
}

function Handles({ screen: { emulator } }: { screen: LiveScreen }) {
  const { term } = emulator;
  const ends = selected(term);
  const cell = emulator.cell();
  if (ends === null || cell === null) return null;
  const at = (col: number, line: number) => {
    const row = line - term.buffer.active.viewportY;
    if (row < 0 || row >= term.rows) return null;
    return <span class="selection-end" style={{ left: `${col * cell.width}px`, top: `${(row + 1) * cell.height}px` }} />;
  };
  return (
    <div class="selection-ends" aria-hidden="true">
      {at(ends.start.col, ends.start.line)}
      {at(ends.end.col + 1, ends.end.line)}
    </div>
  );
}
