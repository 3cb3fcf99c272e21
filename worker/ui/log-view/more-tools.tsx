import { Clock, Copy, Download, FoldVertical, Hash, TriangleAlert } from 'lucide-preact';
import { Button } from '../parts/button.tsx';
import { t } from '../translate.ts';
import type { LogViewer } from './viewer.ts';

/** The tools behind the three dots. @param props.task the run's id. */
export function MoreTools(props: {
  task: string;
  viewer: LogViewer | null;
  times: boolean;
  onTimes: () => void;
  onLine: () => void;
  onProblems: () => void;
  onCopyAll: () => void;
}) {
  const { task, viewer } = props;
  const shown = viewer?.shown.value;
  return (
    <fieldset class="log-more" aria-label={t('More tools')}>
      <Button kind="ghost" small icon={<Hash size={18} />} title={t('Go to a line (Ctrl G)')} onClick={props.onLine}>
        {t('Go to line')}
      </Button>
      <Button
        kind="ghost"
        small
        icon={<TriangleAlert size={18} />}
        title={t('Find lines that speak of an error or a warning')}
        onClick={props.onProblems}
      >
        {t('Errors and warnings')}
      </Button>
      <Button kind="ghost" small aria-pressed={props.times} icon={<Clock size={18} />} onClick={props.onTimes}>
        {t('Times')}
      </Button>
      {(['stdout', 'stderr'] as const).map((stream) => (
        <Button
          key={stream}
          class={`log-stream log-stream-${stream}`}
          kind="ghost"
          small
          aria-pressed={shown?.stream === stream}
          onClick={() => viewer?.only(shown?.stream === stream ? 'all' : stream)}
        >
          {t('Only {stream}', { stream })}
        </Button>
      ))}
      {shown?.grouped === true && (
        <Button kind="ghost" small icon={<FoldVertical size={18} />} onClick={() => viewer?.foldAll(!shown.folded)}>
          {shown.folded ? t('Unfold all') : t('Fold all')}
        </Button>
      )}
      <Button kind="ghost" small icon={<Copy size={18} />} title={t('Copy all of it (Ctrl A, Ctrl C)')} onClick={props.onCopyAll}>
        {t('Copy all')}
      </Button>
      <a class="btn btn-ghost btn-small" href={`/api/runs/${task}/output`} download={`${task}.log`}>
        <Download size={18} aria-hidden="true" />
        <span>{t('Download all')}</span>
      </a>
    </fieldset>
  );
}
