import { useSignal } from '@preact/signals';
import { History, Pencil, RotateCw, ScrollText, Trash2 } from 'lucide-preact';
import { lazy } from 'preact-iso';
import { isFinal } from '../../../../shared/run-state.ts';
import type { Run } from '../../../../shared/runs.ts';
import { deleteRun } from '../../data/change-run.ts';
import { runPath } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { Ask } from '../../parts/ask.tsx';
import { Button } from '../../parts/button.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { t } from '../../translate.ts';
import '../actions/tile-menu.css';
import { actionOf, ask, isRepeatable, useRunAgain } from './run-again.ts';

const RunScript = lazy(() => import('../scripts/run-script.tsx').then((part) => part.RunScript));

/** The menu of things to do with a run of the list. */
export function RunMenu(props: { run: Run; onClose: () => void; onDeleted: () => void }) {
  const { run } = props;
  const step = useSignal<'menu' | 'delete' | 'script'>('menu');
  const { busy, again } = useRunAgain();
  const action = actionOf(run);
  if (step.value === 'script')
    return <RunScript script={{ name: run.script ?? '', description: '' }} args={run.args ?? []} onClose={props.onClose} />;
  if (step.value === 'delete') {
    return (
      <Ask
        title={t('Delete this run?')}
        verb={t('Delete')}
        doing={t('Deleting…')}
        danger
        onClose={props.onClose}
        onYes={async () => {
          await deleteRun(run.task_id);
          props.onDeleted();
        }}
      >
        <p>
          {t('“{label}” goes out of the history, and its output from the disk. The audit keeps that it ran, and that you deleted it.', {
            label: run.label,
          })}
        </p>
      </Ask>
    );
  }
  return (
    <Sheet title={run.label} onClose={props.onClose}>
      <ul class="tile-acts">
        {isRepeatable(run) && (
          <li>
            <Button
              acts="again"
              busy={busy}
              icon={<RotateCw size={20} aria-hidden="true" />}
              onClick={() => void again(run).then(props.onClose)}
            >
              {t('Run again')}
            </Button>
          </li>
        )}
        {isRepeatable(run) && (action === undefined || action.inputs.length > 0) && (
          <li>
            <Button
              icon={<Pencil size={20} aria-hidden="true" />}
              onClick={() => {
                if (action === undefined) {
                  step.value = 'script';
                  return;
                }
                props.onClose();
                ask(action, run);
              }}
            >
              {action === undefined ? t('Change the arguments, then run') : t('Change the inputs, then run')}
            </Button>
          </li>
        )}
        <li>
          <a class="btn" href={runPath(run.task_id)}>
            <ScrollText size={20} aria-hidden="true" />
            <span>{t('Open the output')}</span>
          </a>
        </li>
        {run.action !== undefined && (
          <li>
            <a class="btn" href={`/runs?action=${encodeURIComponent(run.action)}`} onClick={props.onClose}>
              <History size={20} aria-hidden="true" />
              <span>{t('All runs of this action')}</span>
            </a>
          </li>
        )}
        {isAdmin.value && isFinal(run.state) && (
          <li>
            <Button
              icon={<Trash2 size={20} aria-hidden="true" />}
              onClick={() => {
                step.value = 'delete';
              }}
            >
              {t('Delete …')}
            </Button>
          </li>
        )}
      </ul>
    </Sheet>
  );
}
