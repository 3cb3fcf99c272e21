import { Sheet } from '../parts/sheet.tsx';
import { msg, t } from '../translate.ts';
import './keys-sheet.css';

const KEYS: readonly [keys: string[], what: string][] = [
  [['Ctrl', 'K'], msg('Go to an action, a page or a run')],
  [['/'], msg('Filter what is listed')],
  [['←', '↑', '↓', '→'], msg('Move between tiles and lines')],
  [['←', '→'], msg('In a graph: along its edges; Enter opens the step')],
  [['Enter'], msg('Press, or open')],
  [['Esc'], msg('Close, or clear the filter')],
  [['End'], msg('In output: to the end, and follow it')],
  [['Ctrl', 'F'], msg('In output: find')],
  [['?'], msg('This list')],
];

/** What the keys do. */
export function KeysSheet({ onClose }: { onClose: () => void }) {
  return (
    <Sheet title={t('Keys')} onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
