import { useLocation, useRoute } from 'preact-iso';
import { withoutHost } from '../viewed-host.ts';
import { JobPage } from './workflows/job-page.tsx';
import { JobsPage } from './workflows/jobs-page.tsx';
import { TaskPage } from './workflows/task-page.tsx';
import { WorkflowsPage } from './workflows/workflows-page.tsx';

/** The places of workflows, one file for a browser: who looks at one of them goes on to the others. */
export function Page() {
  const { params } = useRoute();
  const { id, ws, task } = params;
  if (withoutHost(useLocation().path).startsWith('/jobs')) return id === undefined ? <JobsPage /> : <JobPage key={id} id={id} />;
  return ws === undefined || task === undefined ? <WorkflowsPage /> : <TaskPage key={`${ws}/${task}`} ws={ws} name={task} />;
}
