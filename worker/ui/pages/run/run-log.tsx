import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Run } from '../../../../shared/runs.ts';
import { sentence } from '../../api.ts';
import { connection } from '../../connection/page-connection.ts';
import { getRun } from '../../data/run-calls.ts';
import { LogView } from '../../log-view/log-view.tsx';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { t } from '../../translate.ts';

/** A run's output in another page, such as that of the job whose step it is. Give it another key for another run. */
export function RunLog({ taskId }: { taskId: string }) {
  const run = useSignal<Run | null>(null);
  const problem = useSignal<string | null>(null);
  const full = useSignal(false);
  async function readRun(): Promise<void> {
    try {
      run.value = await getRun(taskId);
      problem.value = null;
    } catch (error) {
      problem.value = sentence(error);
    }
  }
  useEffect(() => {
    void readRun();
    return connection.onRun(
      (news) => {
        if (news.task_id === taskId && news.state !== run.peek()?.state) void readRun();
      },
      () => void readRun(),
    );
  }, []);
  if (run.value === null)
    return problem.value === null ? (
      <Loading what={t('the output')} rows={2} />
    ) : (
      <Problem message={problem.value} action={<Button onClick={() => void readRun()}>{t('Try again')}</Button>} />
    );
  return (
    <div class={`run-log${full.value ? ' run-full' : ''}`}>
      <LogView
        run={run.value}
        place={null}
        full={full.value}
        onFull={(on) => {
          full.value = on;
        }}
        onProgress={() => undefined}
        onOpened={() => undefined}
        onChanged={() => void readRun()}
      />
    </div>
  );
}
