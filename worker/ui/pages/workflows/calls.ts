import type { List } from '../../../../shared/api.ts';
import type { Json } from '../../../../shared/flow/job.ts';
import type {
  ApproveRequest,
  DeployKey,
  HostKey,
  Job,
  JobSummary,
  TaskSummary,
  TaskView,
  Workspace,
  WorkspaceCreate,
} from '../../../../shared/workflows.ts';
import { agent, read, until } from '../../api.ts';
import { isAnything, listOf } from '../../guards.ts';
import { isDeployKey, isHostKey, isJob, isJobSummary, isKnownKey, isStarted, isTask, isTaskSummary, isWorkspace } from './guards.ts';

/** What the page asks about workflows. Each call throws ToruError. */

const { workspaces, jobs } = agent;

export const listWorkspaces = async (signal?: AbortSignal): Promise<Workspace[]> =>
  (await read(listOf(isWorkspace), workspaces.$get({}, until(signal)))).items;
export const addWorkspace = (json: WorkspaceCreate): Promise<Workspace> => read(isWorkspace, workspaces.$post({ json }));
export const refreshWorkspace = (ws: string): Promise<Workspace> => read(isWorkspace, workspaces[':ws'].refresh.$post({ param: { ws } }));
export const removeWorkspace = (ws: string): Promise<unknown> => read(isAnything, workspaces[':ws'].$delete({ param: { ws } }));

export const getKey = async (ws: string, signal?: AbortSignal): Promise<DeployKey | null> =>
  (await read(isKnownKey, workspaces[':ws'].key.$get({ param: { ws } }, until(signal)))).key;
export const makeKey = (ws: string): Promise<DeployKey> => read(isDeployKey, workspaces[':ws'].key.$post({ param: { ws } }));
export const removeKey = (ws: string): Promise<unknown> => read(isAnything, workspaces[':ws'].key.$delete({ param: { ws } }));
/** The keys that the server shows. @param fingerprint of the one that is trusted from now on. */
export const hostKeys = async (ws: string, fingerprint?: string): Promise<HostKey[]> =>
  (
    await read(
      listOf(isHostKey),
      workspaces[':ws'].key.host.$post({ param: { ws }, json: fingerprint === undefined ? {} : { fingerprint } }),
    )
  ).items;

export const listTasks = async (ws: string, signal?: AbortSignal): Promise<TaskSummary[]> =>
  (await read(listOf(isTaskSummary), workspaces[':ws'].tasks.$get({ param: { ws } }, until(signal)))).items;
export const getTask = (ws: string, name: string, signal?: AbortSignal): Promise<TaskView> =>
  read(isTask, workspaces[':ws'].tasks[':name'].$get({ param: { ws, name } }, until(signal)));
export const allowTask = (ws: string, name: string, allow: 'everyone' | string[]): Promise<TaskView> =>
  read(isTask, workspaces[':ws'].tasks[':name'].$patch({ param: { ws, name }, json: { allow } }));
/** @param request_id the same never starts two. */
export const executeTask = async (ws: string, name: string, input: Record<string, Json>, request_id: string): Promise<string> =>
  (
    await read(
      isStarted,
      workspaces[':ws'].tasks[':name'].execute.$post({ param: { ws, name }, json: { input, request_id, source: 'page' } }),
    )
  ).job_id;

export const listJobs = (query: Record<string, string>, signal?: AbortSignal): Promise<List<JobSummary>> =>
  read(listOf(isJobSummary), jobs.$get({ query }, until(signal)));
export const getJob = (id: string, signal?: AbortSignal): Promise<Job> => read(isJob, jobs[':id'].$get({ param: { id } }, until(signal)));
export const cancelJob = (id: string): Promise<unknown> => read(isAnything, jobs[':id'].cancel.$post({ param: { id } }));
/** @param from a step, with all that depend on it; null: all that did not complete. */
export const rerunJob = (id: string, from: string | null): Promise<Job> =>
  read(isJob, jobs[':id'].rerun.$post({ param: { id }, json: from === null ? {} : { from } }));
export const answerStep = (id: string, step: string, json: ApproveRequest): Promise<unknown> =>
  read(isAnything, jobs[':id'].steps[':step'].approve.$post({ param: { id, step }, json }));
