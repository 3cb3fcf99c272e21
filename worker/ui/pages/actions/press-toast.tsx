import { type ReadonlySignal, signal } from '@preact/signals';
import { ArrowRight, X } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { isFinal } from '../../../../shared/run-state.ts';
import type { Run } from '../../../../shared/runs.ts';
import type { LastLine } from '../../../../shared/terminal/last-line.ts';
import { starts, streams } from '../../connection/live-runs.ts';
import { connection } from '../../connection/page-connection.ts';
import { getRun, outcome } from '../../data/run-calls.ts';
import { runPath } from '../../navigation.ts';
import { Button } from '../../parts/button.tsx';
import { useActs } from '../../parts/deliberate.ts';
import { StateMark } from '../../parts/state-mark.tsx';
import { say, showToast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import './press-toast.css';

/** How long the answer stays after the run has ended: long enough to be read. */
const ANSWER_MS = 10_000;
/** Loaded with the first press: the page's first load has no need of it. */
const reader = () => import('../../../../shared/terminal/last-line.ts');

/** The way of a press to the host, and what follows its run: both come with the first press. */
export { starts };

type Shown = Pick<Run, 'state' | 'exit_code' | 'signal'>;

/** Follows a press to its end, in one line: what it prints, then how it ended. For those who want one tap, one answer. */
export function watchPress(label: string, taskId: string): void {
  const line = signal('');
  const run = signal<Shown>({ state: 'running', exit_code: null, signal: null });
  const loaded = reader().then(({ LastLine }) => new LastLine());
  const read = (step: (last: LastLine) => void): Promise<void> =>
    loaded.then((last) => {
      step(last);
      line.value = last.text;
    });

  async function ended(): Promise<void> {
    try {
      await read((last) => last.end()).catch(() => undefined);
      const last = await getRun(taskId);
      run.value = last;
      if (line.value === '' && last.reason !== null) line.value = last.reason;
      say(`${label}: ${outcome(last).word}. ${line.value}`);
    } finally {
      setTimeout(close, ANSWER_MS);
    }
  }

  // Queued first, perhaps; and the topic says so before any output does.
  const stopNews = connection.onRun((news) => {
    if (news.task_id === taskId && !isFinal(news.state)) run.value = { ...run.peek(), state: news.state };
  });
  const stopOutput = streams.adopt(taskId, (event) => {
    if (event.kind === 'output') {
      read((last) => last.feed(event.stream, event.text)).catch(() => undefined);
    } else if (event.kind === 'ended') {
      ended().catch(() => undefined);
    } else if (event.kind === 'replaced') {
      // The run's own page shows it now.
      close();
    }
  });
  const detach = (): void => {
    stopNews();
    stopOutput();
  };
  const close = showToast(() => <PressToast label={label} taskId={taskId} run={run} line={line} detach={detach} onClose={close} />);
}

interface PressToastProps {
  label: string;
  taskId: string;
  run: ReadonlySignal<Shown>;
  line: ReadonlySignal<string>;
  detach: () => void;
  onClose: () => void;
}

function PressToast(props: PressToastProps) {
  useEffect(() => props.detach, []);
  const line = props.line.value;
  // It comes over what was pressed: the second click of two is not meant for it.
  const ref = useActs<HTMLAnchorElement>('open', true);
  return (
    <div class="press">
      <a ref={ref} data-acts="open" class="press-open" href={runPath(props.taskId)}>
        <span class="press-head">
          <strong class="cut" dir="auto">
            {props.label}
          </strong>
          <StateMark run={props.run.value} />
        </span>
        <span class={`press-line cut${line === '' ? ' muted' : ''}`}>{line === '' ? t('No output yet') : line}</span>
        <ArrowRight class="press-arrow" size={18} aria-hidden="true" />
        <span class="hush">{t('Open the run')}</span>
      </a>
      <Button acts="dismiss" kind="ghost" aria-label={t('Dismiss')} icon={<X size={18} />} onClick={props.onClose} />
    </div>
  );
}
