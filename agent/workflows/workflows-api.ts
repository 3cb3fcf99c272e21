import type { List } from '../../shared/api.ts';
import { notAfterOf } from '../../shared/in-time.ts';
import { NOT_AFTER } from '../../shared/wire.ts';
import type { DeployKey, HostKey, Job, JobSummary, TaskSummary, TaskView, Trigger, Validation, Workspace } from '../../shared/workflows.ts';
import {
  approveRequest,
  executeRequest,
  hostKeyRequest,
  jobLogsQuery,
  jobParams,
  jobStepParams,
  jobsQuery,
  rerunRequest,
  taskNameParams,
  taskPatch,
  validateRequest,
  workspaceCreate,
  workspaceParams,
  workspacePatch,
} from '../../shared/workflows.ts';
import { linesResponse } from '../http/json-lines.ts';
import { resource, router } from '../http/router.ts';
import { streamedText } from '../http/streamed.ts';
import { body, params, query } from '../http/validate.ts';
import type { Log } from '../logger.ts';
import { admin, adminLately, any } from '../users/permissions.ts';
import { jobLines, jobText, type StepLog } from './job-logs.ts';
import { tarballResponse } from './tarball.ts';
import type { Workflows } from './workflows.ts';

interface Options {
  workflows: Workflows;
}

/** Workspaces and their tasks. A client sees the tasks that they may execute; a foreign task is an unknown one. */
export const workspacesApi = resource(
  '/api/workspaces',
  {
    'GET /': any,
    // Where code comes from.
    'POST /': adminLately,
    'GET /:ws': admin,
    'PATCH /:ws': adminLately,
    'DELETE /:ws': adminLately,
    'POST /:ws/refresh': admin,
    'GET /:ws/key': admin,
    // Who may read a repository, and which server it comes from.
    'POST /:ws/key': adminLately,
    'DELETE /:ws/key': adminLately,
    'POST /:ws/key/host': adminLately,
    'GET /:ws/tarball': admin,
    'GET /:ws/tasks': any,
    'GET /:ws/tasks/:name': any,
    'PATCH /:ws/tasks/:name': admin,
    'POST /:ws/tasks/:name/execute': any,
    'GET /:ws/triggers': admin,
    'POST /:ws/triggers/:name/fire': admin,
    'POST /:ws/triggers/:name/enable': admin,
    'POST /:ws/triggers/:name/disable': admin,
  },
  ({ workflows }: Options) =>
    router()
      .get('/', (c) => c.json<List<Workspace>>(workflows.list(c.env.caller)))
      .post('/', body(workspaceCreate), async (c) =>
        c.json<Workspace, 201>(await workflows.workspaces.create(c.env.caller, c.req.valid('json')), 201),
      )
      .get('/:ws', params(workspaceParams), (c) => c.json<Workspace>(workflows.workspaces.get(c.req.valid('param').ws)))
      .patch('/:ws', params(workspaceParams), body(workspacePatch), async (c) =>
        c.json<Workspace>(await workflows.workspaces.update(c.env.caller, c.req.valid('param').ws, c.req.valid('json'))),
      )
      .delete('/:ws', params(workspaceParams), (c) => {
        workflows.workspaces.remove(c.env.caller, c.req.valid('param').ws);
        return c.body(null, 204);
      })
      .post('/:ws/refresh', params(workspaceParams), async (c) =>
        c.json<Workspace>(await workflows.workspaces.refresh(c.req.valid('param').ws)),
      )
      .get('/:ws/key', params(workspaceParams), (c) =>
        c.json<{ key: DeployKey | null }>({ key: workflows.workspaces.key(c.req.valid('param').ws) }),
      )
      .post('/:ws/key', params(workspaceParams), (c) =>
        c.json<DeployKey>(workflows.workspaces.makeKey(c.env.caller, c.req.valid('param').ws)),
      )
      .delete('/:ws/key', params(workspaceParams), (c) => {
        workflows.workspaces.removeKey(c.env.caller, c.req.valid('param').ws);
        return c.body(null, 204);
      })
      .post('/:ws/key/host', params(workspaceParams), body(hostKeyRequest), async (c) => {
        const { fingerprint } = c.req.valid('json');
        const items = await workflows.workspaces.hostKeys(c.env.caller, c.req.valid('param').ws, fingerprint);
        return c.json<List<HostKey>>({ items, next_cursor: null });
      })
      .get('/:ws/tarball', params(workspaceParams), (c) =>
        tarballResponse(workflows.workspaces.good(c.req.valid('param').ws), c.req.header('if-none-match')),
      )
      .get('/:ws/tasks', params(workspaceParams), (c) => c.json<List<TaskSummary>>(workflows.tasks(c.env.caller, c.req.valid('param').ws)))
      .get('/:ws/tasks/:name', params(taskNameParams), (c) => {
        const { ws, name } = c.req.valid('param');
        return c.json<TaskView>(workflows.task(c.env.caller, ws, name));
      })
      .patch('/:ws/tasks/:name', params(taskNameParams), body(taskPatch), (c) => {
        const { ws, name } = c.req.valid('param');
        const { allow } = c.req.valid('json');
        return c.json<TaskView>(
          allow === undefined ? workflows.task(c.env.caller, ws, name) : workflows.allow(c.env.caller, ws, name, allow),
        );
      })
      .get('/:ws/triggers', params(workspaceParams), (c) => c.json<List<Trigger>>(workflows.triggers.list(c.req.valid('param').ws)))
      .post('/:ws/triggers/:name/fire', params(taskNameParams), async (c) => {
        const { ws, name } = c.req.valid('param');
        return c.json<{ job_id: string }, 202>(await workflows.triggers.fire(c.env.caller, ws, name), 202);
      })
      .post('/:ws/triggers/:name/enable', params(taskNameParams), async (c) => {
        const { ws, name } = c.req.valid('param');
        return c.json<Trigger>(await workflows.triggers.enable(c.env.caller, ws, name, true));
      })
      .post('/:ws/triggers/:name/disable', params(taskNameParams), async (c) => {
        const { ws, name } = c.req.valid('param');
        return c.json<Trigger>(await workflows.triggers.enable(c.env.caller, ws, name, false));
      })
      .post('/:ws/tasks/:name/execute', params(taskNameParams), body(executeRequest), async (c) => {
        const { ws, name } = c.req.valid('param');
        const { input, request_id, not_after = notAfterOf(c.req.header(NOT_AFTER)), ...asked } = c.req.valid('json');
        const source = c.env.caller.via === 'local' ? 'cli' : asked.source;
        return c.json<{ job_id: string }, 202>(
          await workflows.execute(c.env.caller, ws, name, { input, request_id, not_after, source }),
          202,
        );
      }),
);

/** What is wrong with files of definitions, which are sent along. */
export const validateApi = resource('/api/validate', { 'POST /': admin }, () =>
  router().post('/', body(validateRequest), async (c) => {
    const { loadWorkspace } = await import('./language/load-workspace.ts');
    const files = Object.entries(c.req.valid('json').files).map(([path, text]) => ({ path, text }));
    return c.json<Validation>({ problems: loadWorkspace(files).problems });
  }),
);

/** Jobs: look, cancel, run again, answer. A client's own only; a foreign job is an unknown one. */
export const jobsApi = resource(
  '/api/jobs',
  {
    'GET /': any,
    'GET /:id': any,
    'GET /:id/logs': any,
    'POST /:id/cancel': any,
    'POST /:id/rerun': any,
    'POST /:id/steps/:step/approve': admin,
  },
  ({ workflows: { jobs }, log }: Options & { log: Pick<Log, 'error'> }) =>
    router()
      .get('/', query(jobsQuery), (c) => c.json<List<JobSummary>>(jobs.list(c.env.caller, c.req.valid('query'))))
      .get('/:id', params(jobParams), (c) => c.json<Job>(jobs.get(c.env.caller, c.req.valid('param').id)))
      .get('/:id/logs', params(jobParams), query(jobLogsQuery), (c) => {
        const { format, step = null } = c.req.valid('query');
        const steps = jobs.logs(c.env.caller, c.req.valid('param').id, step);
        return format === 'jsonl' ? linesResponse((signal) => jobLines(steps, signal), c.req.raw.signal, log) : textResponse(steps);
      })
      .post('/:id/cancel', params(jobParams), async (c) => {
        const { id } = c.req.valid('param');
        await jobs.cancel(c.env.caller, id);
        return c.json<Job, 202>(jobs.get(c.env.caller, id), 202);
      })
      .post('/:id/rerun', params(jobParams), body(rerunRequest), async (c) => {
        const { id } = c.req.valid('param');
        await jobs.rerun(c.env.caller, id, c.req.valid('json').from ?? null);
        return c.json<Job, 202>(jobs.get(c.env.caller, id), 202);
      })
      .post('/:id/steps/:step/approve', params(jobStepParams), body(approveRequest), async (c) => {
        const { id, step } = c.req.valid('param');
        await jobs.approve(c.env.caller, id, step, c.req.valid('json'));
        return c.json<Job>(jobs.get(c.env.caller, id));
      }),
);

/** As its reader takes it. */
function textResponse(steps: readonly StepLog[]): Response {
  const left = new AbortController();
  const body = streamedText(jobText(steps, left.signal), () => left.abort());
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  return new Response(body, { headers });
}
