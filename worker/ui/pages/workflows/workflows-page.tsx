import { useSignal } from '@preact/signals';
import { ListTodo, Plus } from 'lucide-preact';
import type { JobSummary } from '../../../../shared/workflows.ts';
import { useResource } from '../../data/resource.ts';
import { isAdmin } from '../../own-session.ts';
import { setTo } from '../../parts/bound.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { t } from '../../translate.ts';
import { AddWorkspace } from './add-workspace.tsx';
import { listWorkspaces } from './calls.ts';
import { KeptWebhooks } from './kept-webhooks.tsx';
import { useJobNews } from './live-jobs.ts';
import { WorkspaceSection } from './workspace-section.tsx';
import './workflows.css';

/** Every task that the person may execute, by workspace and folder. */
export function WorkflowsPage() {
  const workspaces = useResource(listWorkspaces);
  const news = useSignal<JobSummary | null>(null);
  const adding = useSignal(false);
  useJobNews((job) => {
    news.value = job;
  }, workspaces.again);
  const add = (
    <Button kind="primary" icon={<Plus size={18} aria-hidden="true" />} onClick={setTo(adding, true)}>
      {t('Add a workspace')}
    </Button>
  );
  return (
    <div class="narrow">
      <PageHead title={t('Workflows')} lead={t('Tasks of several steps, from files in a folder or a git repository.')}>
        <ButtonLink href="/jobs" icon={<ListTodo size={18} aria-hidden="true" />}>
          {t('Jobs')}
        </ButtonLink>
        {isAdmin.value && workspaces.data?.length !== 0 && add}
      </PageHead>
      <KeptWebhooks />
      {workspaces.problem !== null && (
        <Problem message={workspaces.problem} action={<Button onClick={() => void workspaces.reload()}>{t('Try again')}</Button>} />
      )}
      {workspaces.data === null && workspaces.problem === null && <Loading what={t('the workflows')} />}
      {workspaces.data?.length === 0 &&
        (isAdmin.value ? (
          <Empty title={t('There are no workflows yet')} action={add}>
            {t('A workspace is a folder, or a git repository, with .workflows/*.yaml in it. Its tasks stand here then.')}
          </Empty>
        ) : (
          <Empty title={t('There are no workflows for you')}>{t('Ask whoever runs this Toru to share one.')}</Empty>
        ))}
      {workspaces.data?.map((workspace) => (
        <WorkspaceSection key={workspace.name} workspace={workspace} news={news.value} onChanged={workspaces.again} />
      ))}
      {adding.value && <AddWorkspace onClose={setTo(adding, false)} onAdded={workspaces.again} />}
    </div>
  );
}
