import { useSignal } from '@preact/signals';
import { ScrollText, SquareTerminal } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Run } from '../../../../shared/runs.ts';
import { Button } from '../../parts/button.tsx';
import { t } from '../../translate.ts';
import type { LiveScreen } from '../terminals/live-screen.ts';
import { runSource } from '../terminals/run-stream.ts';
import { ScreenTools } from '../terminals/screen-tools.tsx';
import { TerminalView } from '../terminals/terminal-view.tsx';
import './run-views.css';

/**
 * A run that has a terminal: while it runs used as one or read as a log, before and after that read.
 * @param props.log how it is read. @param props.reading it opens so.
 */
export function RunViews({ run, log, reading }: { run: Run; log: ComponentChildren; reading: boolean }) {
  const reads = useSignal(reading);
  const live = useSignal<LiveScreen | null>(null);
  const runs = run.state === 'running';
  const source = useMemo(() => runSource(run), [run.task_id, runs]);
  useMemo(() => {
    // It begins while somebody types below its log, or looks for something in it: the log stays.
    if (runs && document.activeElement?.closest('.answer, .log') != null) reads.value = true;
  }, [runs]);
  const view = (name: string, icon: ComponentChildren, isLog: boolean) => (
    <Button
      small
      kind="ghost"
      aria-pressed={reads.value === isLog}
      icon={icon}
      onClick={() => {
        reads.value = isLog;
      }}
    >
      {name}
    </Button>
  );
  return (
    <>
      {runs && (
        <div class="run-views">
          {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form. */}
          <div class="row" role="group" aria-label={t('Shown as')}>
            {view(t('Terminal'), <SquareTerminal size={18} aria-hidden="true" />, false)}
            {view(t('Log'), <ScrollText size={18} aria-hidden="true" />, true)}
          </div>
          {live.value !== null && (
            <div class="run-view-tools">
              <ScreenTools screen={live.value} />
            </div>
          )}
        </div>
      )}
      {reads.value || !runs ? (
        log
      ) : (
        <section class="run-terminal" aria-label={t('Terminal')}>
          <TerminalView
            source={source}
            onLive={(now) => {
              live.value = now;
            }}
          />
        </section>
      )}
    </>
  );
}
