import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { ended, expectTalk, logged, startsOf } from './runs.ts';
import type { Stage } from './stage.ts';
import type { Watched } from './viewer.ts';
import { Viewer } from './viewer.ts';

/** What the outside may know of a run: everything that was promised about it, and nothing of how it is done. */
export interface ModelRun {
  readonly request_id: string;
  readonly gate: string;
  readonly code: number;
  /** Null while no answer has come: then it may exist or not. */
  taskId: string | null;
  /** A cancel was acknowledged. */
  cancelled: boolean;
  /** A cancel was asked for, and the answer got lost: either is right. */
  perhapsCancelled: boolean;
  /** The agent was killed while it was being asked for: it may be `interrupted`, if it never began. */
  perhapsInterrupted: boolean;
}

/** The small reference: what was asked for, and what came back. */
export interface Model {
  readonly runs: ModelRun[];
}

/** The real thing: one stage, and a viewer of each run. */
export class Reality {
  readonly stage: Stage;
  readonly client: Client;
  readonly watched = new Map<string, Watched[]>();
  readonly viewers: Viewer[] = [];
  #named = 0;

  constructor(stage: Stage, client: Client) {
    this.stage = stage;
    this.client = client;
  }

  newRun(code: number): ModelRun {
    const request_id = crypto.randomUUID();
    this.#named += 1;
    return {
      request_id,
      gate: join(this.stage.home, `gate-${request_id}`),
      code,
      taskId: null,
      cancelled: false,
      perhapsCancelled: false,
      perhapsInterrupted: false,
    };
  }

  /** Asks for the run, for the first time or again. @returns its task, null when no answer came. */
  async ask(run: ModelRun): Promise<string | null> {
    const answer = await this.client
      .http('POST', '/api/runs', { script: 'talk.sh', args: [run.gate, String(run.code), '0.01'], request_id: run.request_id })
      .catch(() => null);
    if (answer === null || answer.text === '' || answer.status >= 500) return null;
    expect(answer.status, answer.text).toBe(202);
    return String(answer.json().task_id);
  }

  /** Asks until there is an answer: that is what a request id is for. */
  async askSurely(run: ModelRun): Promise<string> {
    let taskId: string | null = null;
    await eventually('an answer to a press', async () => {
      taskId = await this.ask(run);
      return taskId !== null;
    });
    return taskId ?? '';
  }

  attach(taskId: string): void {
    const viewer = new Viewer(this.client);
    this.viewers.push(viewer);
    this.watched.set(taskId, [...(this.watched.get(taskId) ?? []), viewer.watch(taskId)]);
  }

  /** Ends what still runs, and holds what has become of everything against what was promised. */
  async check(model: Model): Promise<void> {
    await this.stage.linked();
    for (const run of model.runs) writeFileSync(run.gate, '');
    for (const run of model.runs) {
      run.taskId ??= await this.#find(run);
      if (run.taskId === null) {
        expect(startsOf(run.gate), 'what is not known never began').toBe(0);
        continue;
      }
      const real = await ended(this.client, run.taskId, 40_000);
      const about = `${JSON.stringify(run)} became ${JSON.stringify(real)}`;
      const allowed = [
        ...(run.cancelled ? [] : ['exited']),
        ...(run.cancelled || run.perhapsCancelled ? ['cancelled'] : []),
        ...(run.perhapsInterrupted ? ['interrupted'] : []),
      ];
      expect(allowed, about).toContain(real.state);
      expect(startsOf(run.gate), about).toBeLessThanOrEqual(1);
      const text = { stdout: await logged(this.client, run.taskId, 'stdout'), stderr: await logged(this.client, run.taskId, 'stderr') };
      if (real.state === 'exited') {
        expect(real.exit_code, about).toBe(run.code);
        expect(startsOf(run.gate), about).toBe(1);
        expectTalk(text, { taskId: run.taskId, gate: run.gate, code: run.code });
      }
      if (real.state === 'interrupted')
        expect({ began: startsOf(run.gate), why: real.reason !== null }, about).toEqual({ began: 0, why: true });
      for (const watched of this.watched.get(run.taskId) ?? []) {
        await eventually(`a viewer is told the end of ${about}`, () => watched.ended, { holds: (seen) => seen !== null, limitMs: 40_000 });
        expect({ lost: watched.lost, repeated: watched.repeated }, about).toEqual({ lost: 0, repeated: 0 });
        expect(watched.text, about).toEqual(text);
        expect(watched.ended, about).toBe({ exited: 'exit', cancelled: 'cancelled', interrupted: 'interrupted' }[real.state]);
      }
    }
  }

  close(): void {
    for (const viewer of this.viewers) viewer.close();
  }

  /** A run whose answer got lost: by what it wrote itself. */
  async #find(run: ModelRun): Promise<string | null> {
    if (existsSync(`${run.gate}.began`)) return readFileSync(`${run.gate}.began`, 'utf8').trim().split('\n')[0] ?? null;
    const listed = (await this.client.http('GET', '/api/runs?limit=200')).json().items;
    const found: unknown = listed.find((item: { args: string[] | null }) => item.args?.[0] === run.gate)?.task_id;
    return typeof found === 'string' ? found : null;
  }
}
