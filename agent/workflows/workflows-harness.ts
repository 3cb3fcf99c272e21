import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { isEnded } from '../../shared/flow/job.ts';
import { type Job, job as jobSchema, type Workspace, workspace as workspaceSchema } from '../../shared/workflows.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import { UNTIL_MS } from '../until.ts';
import type { Caller } from '../users/caller.ts';

/** Workflows over real services: a workspace in a temporary folder, its jobs, and their runs. */
export interface WorkflowsHarness extends ApiHarness {
  /** The workspace's folder. */
  folder: string;
  /** Writes a file of definitions. */
  write(name: string, text: string): void;
  /** Adds a workspace, or looks at it again. @returns when it has been looked at. */
  look(name: string, made?: object): Promise<Workspace>;
  /** Adds the folder as the workspace `ws`, or looks at it again. @throws with its problems */
  load(): Promise<void>;
  /** Executes a task. @returns its job's id. */
  execute(task: string, input?: Record<string, unknown>, who?: Caller): Promise<string>;
  job(id: string, who?: Caller): Promise<Job>;
  /** When it has ended. */
  ended(id: string): Promise<Job>;
  /** When it is so. */
  until(id: string, is: (job: Job) => boolean): Promise<Job>;
}

export async function makeWorkflows({
  folder: given,
  ...options
}: { folder?: string } & Parameters<typeof makeApi>[0] = {}): Promise<WorkflowsHarness> {
  const api = await makeApi(options);
  const folder = given ?? mkdtempSync(join(tmpdir(), 'toru-flow-'));
  mkdirSync(join(folder, '.workflows'), { recursive: true });
  const good = async (who: Caller, method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await api.ask(who, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  const harness: WorkflowsHarness = {
    ...api,
    folder,
    write: (name, text) => writeFileSync(join(folder, '.workflows', name), text),
    look: async (name, made) => {
      const before = Object((await api.ask(api.admin, 'GET', `/api/workspaces/${name}`)).json).checked_at ?? null;
      if (made === undefined) await good(api.admin, 'POST', `/api/workspaces/${name}/refresh`);
      else await good(api.admin, 'POST', '/api/workspaces', { name, ...made });
      // The answer does not wait for a look that takes long.
      for (const begun = performance.now(); ; await sleep(5)) {
        const found = workspaceSchema.parse(await good(api.admin, 'GET', `/api/workspaces/${name}`));
        if (found.checked_at !== null && found.checked_at !== before) return found;
        if (performance.now() - begun > UNTIL_MS) throw new Error(`It was not looked at: ${JSON.stringify(found)}`);
      }
    },
    load: async () => {
      const known = (await api.ask(api.admin, 'GET', '/api/workspaces/ws')).status === 200;
      const { problems, error } = await harness.look('ws', known ? undefined : { type: 'folder', path: folder });
      if (problems.length > 0 || error !== null) throw new Error(JSON.stringify({ problems, error }));
    },
    execute: async (task, input = {}, who = api.admin) => {
      const begun = await good(who, 'POST', `/api/workspaces/ws/tasks/${task}/execute`, { input });
      return z.object({ job_id: z.string() }).parse(begun).job_id;
    },
    job: async (id, who = api.admin) => jobSchema.parse(await good(who, 'GET', `/api/jobs/${id}`)),
    ended: (id) => harness.until(id, ({ state }) => isEnded(state)),
    until: (id, is) =>
      new Promise((resolve, reject) => {
        let over = false;
        const settle = (): void => {
          over = true;
          clearTimeout(late);
          stop();
        };
        const look = async (): Promise<void> => {
          const job = await harness.job(id);
          if (over || !is(job)) return;
          settle();
          resolve(job);
        };
        const failed = (error: unknown): void => {
          if (!over) settle();
          reject(error);
        };
        const late = setTimeout(() => {
          settle();
          harness
            .job(id)
            .then(
              (job) => reject(new Error(`Not so within ${UNTIL_MS / 1000} s: ${JSON.stringify({ job, logged: api.logged.slice(-5) })}`)),
              reject,
            );
        }, UNTIL_MS);
        const stop = api.services.workflows.onChange(({ row }) => void (row.job_id === id && look().catch(failed)));
        look().catch(failed);
      }),
    close: async (keep = false) => {
      await api.close(keep);
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
  return harness;
}
