import { useSignal } from '@preact/signals';
import { CalendarClock, FolderGit2, FolderTree, KeyRound, RefreshCw, Trash2 } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { isSshAddress } from '../../../../shared/git-address.ts';
import type { JobSummary, TaskSummary, Workspace } from '../../../../shared/workflows.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { isAdmin } from '../../own-session.ts';
import { Ask } from '../../parts/ask.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { TriggerList } from '../schedules/trigger-list.tsx';
import { listTasks, refreshWorkspace, removeWorkspace } from './calls.ts';
import { DeployKeySheet } from './deploy-key.tsx';
import { byFolder } from './folders.ts';
import { shortRevision, taskPath } from './job-words.ts';
import { Problems } from './problems.tsx';
import { JobMark } from './state-mark.tsx';

/** One workspace: how it stands, and its tasks. @param news the newest job that was heard of. */
export function WorkspaceSection(props: { workspace: Workspace; news: JobSummary | null; onChanged: () => void }) {
  const { workspace } = props;
  const tasks = useResource((signal) => listTasks(workspace.name, signal), workspace.revision ?? '');
  const busy = useSignal(false);
  const removing = useSignal(false);
  const keying = useSignal(false);
  useEffect(() => {
    const { news } = props;
    if (news === null || news.workspace !== workspace.name) return;
    tasks.update((now) =>
      now.map((task) => (task.name === news.task && isNewer(news, task.last_job) ? { ...task, last_job: news } : task)),
    );
  }, [props.news]);

  async function refresh(): Promise<void> {
    busy.value = true;
    try {
      await refreshWorkspace(workspace.name);
      props.onChanged();
      tasks.again();
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    busy.value = false;
  }
  return (
    <Section
      title={workspace.type === 'own' ? t('Quick actions') : workspace.name}
      flush
      help={<Place workspace={workspace} />}
      acts={
        isAdmin.value &&
        workspace.type !== 'own' && (
          <div class="row">
            <IconButton
              label={t('Look at {name} again', { name: workspace.name })}
              title={t('Look again')}
              icon={<RefreshCw size={16} />}
              busy={busy.value}
              onClick={() => void refresh()}
            />
            {workspace.type === 'git' && isSshAddress(workspace.url ?? '') && (
              <IconButton
                label={t('The key of {name}', { name: workspace.name })}
                title={t('Deploy key')}
                aria-haspopup="dialog"
                icon={<KeyRound size={16} />}
                onClick={setTo(keying, true)}
              />
            )}
            <IconButton
              label={t('Remove {name}', { name: workspace.name })}
              title={t('Remove')}
              icon={<Trash2 size={16} />}
              onClick={setTo(removing, true)}
            />
          </div>
        )
      }
    >
      <Problems workspace={workspace} />
      {tasks.problem !== null && (
        <Problem message={tasks.problem} action={<Button onClick={() => void tasks.reload()}>{t('Try again')}</Button>} />
      )}
      {tasks.data === null && tasks.problem === null && <Loading what={t('the tasks')} rows={2} />}
      {workspace.library && (
        <p class="flow-none muted">
          {rich('A library: workspaces use what it defines as {name}.', { name: <code>{`${workspace.name}.…`}</code> })}
        </p>
      )}
      {!workspace.library && tasks.data?.length === 0 && (
        <p class="flow-none muted">{t('It has no task yet. A task is written in .workflows/NAME.yaml.')}</p>
      )}
      {byFolder(tasks.data ?? []).map((folder) => (
        <div key={folder.name} class="flow-folder">
          {folder.name !== '' && (
            <h3>
              <FolderTree size={16} aria-hidden="true" />
              <span dir="auto">{folder.name}</span>
            </h3>
          )}
          <Listing label={folder.name === '' ? t('Tasks of {name}', { name: workspace.name }) : folder.name}>
            {folder.tasks.map((task) => (
              <TaskLine key={task.name} task={task} />
            ))}
          </Listing>
        </div>
      ))}
      {isAdmin.value && workspace.triggers > 0 && (
        <div class="flow-folder">
          <h3>
            <CalendarClock size={16} aria-hidden="true" />
            {t('Triggers')}
          </h3>
          <TriggerList workspace={workspace.name} revision={workspace.revision ?? ''} news={props.news} />
        </div>
      )}
      {keying.value && <DeployKeySheet workspace={workspace} onClose={setTo(keying, false)} />}
      {removing.value && (
        <Ask
          title={t('Remove {name}?', { name: workspace.name })}
          verb={t('Remove')}
          doing={t('Removing…')}
          danger
          onYes={async () => {
            await removeWorkspace(workspace.name);
            props.onChanged();
          }}
          onClose={setTo(removing, false)}
        >
          {t('Its tasks and triggers stop here. Its files stay where they are, and so do the runs of its jobs.')}
        </Ask>
      )}
    </Section>
  );
}

function isNewer(job: JobSummary, known: JobSummary | null): boolean {
  return known === null || job.job_id === known.job_id || job.created_at > known.created_at;
}

/** Where it is, at which revision, and when it was looked at. */
function Place({ workspace }: { workspace: Workspace }) {
  if (workspace.type === 'own') return <>{t('Made of the schedules of quick actions, and of actions that follow one another.')}</>;
  const Icon = workspace.type === 'git' ? FolderGit2 : FolderTree;
  const place = workspace.path ?? workspace.url;
  return (
    <span class="flow-place">
      <Icon size={16} aria-hidden="true" />
      {place !== null && <code class="cut">{place}</code>}
      {workspace.ref !== null && <code>{workspace.ref}</code>}
      {workspace.revision !== null && rich('revision {revision}', { revision: <code>{shortRevision(workspace.revision)}</code> })}
      {workspace.checked_at !== null && <span>{rich('looked at {when}', { when: <When at={workspace.checked_at} narrow /> })}</span>}
    </span>
  );
}

function TaskLine({ task }: { task: TaskSummary }) {
  const { last_job } = task;
  return (
    <Line
      href={taskPath({ workspace: task.workspace, task: task.name })}
      title={task.title}
      aside={
        <span class="flow-last">
          {last_job === null ? t('Never run') : <JobMark of={last_job} />}
          {last_job !== null && <When at={last_job.ended_at ?? last_job.created_at} narrow />}
        </span>
      }
    >
      {task.description !== '' && <span dir="auto">{task.description}</span>}
      {task.library !== null && <span>{t('from the library {name}', { name: task.library })}</span>}
      {task.next_fire_at !== null && (
        <span class="flow-next">
          <CalendarClock size={14} aria-hidden="true" />
          {rich('next {when}', { when: <When at={task.next_fire_at} /> })}
        </span>
      )}
    </Line>
  );
}
