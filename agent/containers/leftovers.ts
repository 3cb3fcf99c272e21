import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawned } from '../process/spawn.ts';
import type { ContainerOrder } from './order.ts';
import { containerProgram } from './program-file.ts';

const AGAIN_MS = 60_000;

/**
 * A note for each container that a step may have, from before it is made until it is removed. The step's own program removes both; where
 * that was killed, or the host went down, the agent finds the note and has the container removed, now or when the engine is back.
 */
export class Leftovers {
  readonly #folder: string;
  readonly #isOpen: (taskId: string) => boolean | null;
  readonly #warn: (detail: object, message: string) => void;
  #timer: NodeJS.Timeout | null = null;
  #sweep: Promise<void> | null = null;
  #again = false;
  /** Noted by this agent: their runs may not be in the journal yet. */
  readonly #begun = new Set<string>();

  /** @param home TORU_HOME. @param isOpen has this run not ended? Null where the journal does not know it. */
  constructor(home: string, isOpen: (taskId: string) => boolean | null, warn: (detail: object, message: string) => void) {
    this.#folder = join(home, 'containers');
    this.#isOpen = isOpen;
    this.#warn = warn;
  }

  /** To be called before the run of the order is started. @returns the note, which the step's program takes away. */
  note({ engine, task_id, host }: Pick<ContainerOrder, 'engine' | 'task_id' | 'host'>): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = this.#fileOf(task_id);
    this.#begun.add(task_id);
    writeFileSync(file, JSON.stringify({ engine: engine.type === 'pod' ? { ...engine, manifest: null } : engine, task_id, host }), {
      mode: 0o600,
    });
    return file;
  }

  /** The run was not started: there is no container. */
  forget(taskId: string): void {
    this.#begun.delete(taskId);
    rmSync(this.#fileOf(taskId), { force: true });
  }

  /** Has what ended runs left removed. A call during a sweep is one more after it. Never throws. */
  sweep(): Promise<void> {
    this.#again = true;
    this.#sweep ??= this.#sweepAll().finally(() => {
      this.#sweep = null;
    });
    return this.#sweep;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #sweepAll(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#removeAll().catch((error: unknown) => this.#warn({ err: error }, 'what containers of steps left could not be looked at'));
    }
  }

  async #removeAll(): Promise<void> {
    const left = this.#noted().filter((taskId) => !(this.#isOpen(taskId) ?? this.#begun.has(taskId)));
    for (const taskId of this.#begun) if (this.#isOpen(taskId) === false) this.#begun.delete(taskId);
    let failed = 0;
    for (const taskId of left) {
      const problem = await remove(this.#fileOf(taskId));
      if (problem === null) continue;
      failed += 1;
      this.#warn({ task_id: taskId, problem }, 'the container of a step that ended could not be removed; it is tried again');
    }
    if (failed > 0) this.#timer ??= this.#later();
  }

  #later(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = null;
      void this.sweep();
    }, AGAIN_MS).unref();
  }

  #noted(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.slice(0, -'.json'.length));
    } catch {
      return [];
    }
  }

  #fileOf(taskId: string): string {
    return join(this.#folder, `${taskId}.json`);
  }
}

/** Loads no client of an engine into the agent: the program does it. @returns why not; null when it is gone. */
async function remove(note: string): Promise<string | null> {
  const { path, args } = containerProgram();
  const child = spawn(path, [...args, 'remove', note], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  await spawned(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = `${errors}${text}`.slice(-2000);
  });
  return (await ended) === 0 ? null : errors.trim();
}
