import { ArrowDownToLine } from 'lucide-preact';
import { late } from '../parts/late.tsx';
import { plural, t } from '../translate.ts';
import type { LineRange } from './line-links.ts';
import type { LogViewer } from './viewer.ts';

const ChosenLines = late(() => import('./chosen-lines.tsx').then((part) => part.ChosenLines));

/** The way to the end, while one is elsewhere, and what can be done with chosen lines, or with all. */
export function Below(props: { task: string; viewer: LogViewer; all: boolean; chosen: LineRange | null; onClear: () => void }) {
  const { viewer } = props;
  const { following, unseen } = viewer.follow.value;
  const { stream } = viewer.shown.value;
  const stalled = viewer.stalled.value;
  const chosen = props.all ? 'all' : props.chosen;
  if (following && chosen === null && !stalled) return null;
  return (
    <div class="log-below">
      {stalled && (
        <button type="button" class="log-pill" onClick={() => viewer.readOn()}>
          {t('No {stream} in what was read · look further', { stream })}
        </button>
      )}
      {chosen !== null && <ChosenLines task={props.task} chosen={chosen} size={viewer.size} onClear={props.onClear} />}
      {!following && (
        <button type="button" class="log-pill" onClick={() => viewer.toEnd()}>
          <ArrowDownToLine size={16} aria-hidden="true" />
          {unseen > 0 ? plural(unseen, '1 new line · jump to end', '{count} new lines · jump to end') : t('Jump to end')}
        </button>
      )}
    </div>
  );
}
