import { createReadStream, createWriteStream, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerState, Pod } from './cluster.ts';
import { Cluster, ClusterRefusal } from './cluster.ts';
import { clusterAccess } from './kubeconfig.ts';
import type { ContainerOrder, PodEngine } from './order.ts';
import { containerName, STEP_FOLDER } from './order.ts';
import { FILES_IN, FILES_OUT, podManifest, STEP } from './pod-manifest.ts';
import { ConnectionLost, StepFailure, StepStopped } from './step-failure.ts';
import { checkStart, filesIn, takeFiles } from './step-files.ts';
import type { StepIo } from './step-io.ts';

const LOOK_MS = 500;
/** A cluster that does not answer is waited for so long; its pods go on meanwhile. */
const BACK_WITHIN_MS = 10 * 60_000;

/** One step in a pod of a cluster, from its making to its removal. @returns its exit code. @throws StepFailure, StepStopped */
export async function podStep(order: ContainerOrder, engine: PodEngine, io: StepIo): Promise<number> {
  const cluster = new Cluster(await clusterAccess(engine));
  const life = new PodLife(cluster, containerName(order.task_id), engine.pending_ms, io);
  const tar = join(order.folder, STEP_FOLDER, 'in.tar');
  await pipeline(filesIn(order, true), createWriteStream(tar, { mode: 0o600 }));
  // Of a try before this one, where a host went down in the middle.
  await life.remove(0);
  try {
    if (io.stop.aborted) throw new StepStopped();
    await cluster.create(podManifest(order, engine, statSync(tar).size)).catch((error: unknown) => {
      throw error instanceof ClusterRefusal ? new StepFailure(`The cluster does not take the pod: ${error.message}`) : error;
    });
    io.made({ engine: 'kubernetes', image: order.image, id: `${cluster.namespace}/${life.name}` });
    await life.until(FILES_IN, ({ running, terminated }) => running !== undefined || terminated !== undefined);
    await cluster.write(life.name, FILES_IN, createReadStream(tar));
    rmSync(tar, { force: true });
    const unpacked = await life.until(FILES_IN, ({ terminated }) => terminated !== undefined);
    if (unpacked.terminated?.exitCode !== 0)
      throw new StepFailure(
        `The step's files could not be unpacked in the pod: ${FILES_IN} ended with exit code ${unpacked.terminated?.exitCode}.`,
      );
    await life.until(STEP, ({ running, terminated }) => running !== undefined || terminated !== undefined);
    const ended = await life.print();
    await takeFiles(await cluster.read(life.name, FILES_OUT, ['tar', '-cf', '-', '-C', '/toru', 'out']), order);
    const code = codeOf(ended);
    checkStart(code, order);
    return code;
  } catch (error) {
    if (!(error instanceof StepStopped)) throw error;
    io.say(`The pod is deleted; what has not ended in ${order.grace_s} s is killed.`);
    await life.remove(order.grace_s);
    throw error;
  } finally {
    rmSync(tar, { force: true });
    await io.removed(life.remove(0));
  }
}

/** Removes what a step left whose program is gone. @throws StepFailure, ConnectionLost */
export async function removePod({ task_id }: Pick<ContainerOrder, 'task_id'>, engine: PodEngine): Promise<void> {
  await new Cluster(await clusterAccess(engine)).remove(containerName(task_id), 0);
}

class PodLife {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #pendingMs: number;
  readonly #io: StepIo;
  readonly #began = Date.now();
  #printed = 0;
  #told = '';

  constructor(cluster: Cluster, name: string, pendingMs: number, io: StepIo) {
    this.name = name;
    this.#cluster = cluster;
    this.#pendingMs = pendingMs;
    this.#io = io;
  }

  /** @returns the state of a container, when it is so. @throws StepStopped; StepFailure when the pod fails or does not start in time. */
  async until(container: string, is: (state: ContainerState) => boolean): Promise<ContainerState> {
    for (;;) {
      if (this.#io.stop.aborted) throw new StepStopped();
      const pod = await this.#look();
      const state = stateOf(pod, container);
      if (is(state)) return state;
      if (pod.status.phase === 'Failed')
        throw new StepFailure(`The pod failed: ${pod.status.message ?? pod.status.reason ?? 'the cluster says no reason'}.`);
      const { reason = '', message = '' } = state.waiting ?? {};
      // What is only under way is no news.
      if (message !== '' && reason !== this.#told) this.#io.say(`${reason}: ${message}`);
      this.#told = reason;
      if (state.terminated === undefined && state.running === undefined && Date.now() - this.#began > this.#pendingMs)
        throw new StepFailure(await this.#whyPending(reason, message));
      await sleep(LOOK_MS);
    }
  }

  /** Prints what the step prints. @returns how it ended. @throws StepStopped */
  async print(): Promise<ContainerState> {
    for (;;) {
      if (this.#io.stop.aborted) throw new StepStopped();
      const state = stateOf(await this.#look(), STEP);
      await this.#printLogs();
      if (state.terminated !== undefined) return state;
      await sleep(LOOK_MS);
    }
  }

  /** @returns when the pod is gone. */
  async remove(graceSeconds: number): Promise<void> {
    await this.#cluster.remove(this.name, graceSeconds);
    for (;;) {
      try {
        await this.#cluster.get(this.name);
      } catch (error) {
        if (error instanceof ClusterRefusal && error.status === 404) return;
        throw error;
      }
      await sleep(LOOK_MS);
    }
  }

  /** From the first byte on: what was printed before is passed by. A connection that breaks is opened again by the caller. */
  async #printLogs(): Promise<void> {
    let passed = 0;
    try {
      const logs = await this.#cluster.logs(this.name, STEP);
      const end = (): void => void logs.destroy();
      this.#io.stop.addEventListener('abort', end, { once: true });
      for await (const chunk of logs) {
        const bytes = Buffer.from(chunk);
        const fresh = bytes.subarray(Math.max(0, Math.min(bytes.length, this.#printed - passed)));
        passed += bytes.length;
        this.#printed += fresh.length;
        if (fresh.length > 0) this.#io.print('stdout', fresh);
      }
      this.#io.stop.removeEventListener('abort', end);
    } catch (error) {
      if (error instanceof ClusterRefusal) throw new StepFailure(`The output of the pod can't be read: ${error.message}`);
      if (error instanceof StepFailure) throw error;
    }
  }

  async #look(): Promise<Pod> {
    for (const began = Date.now(); ; await sleep(LOOK_MS)) {
      try {
        return await this.#cluster.get(this.name);
      } catch (error) {
        if (error instanceof ClusterRefusal && error.status === 404)
          throw new StepFailure('The pod was deleted by somebody else, or evicted by the cluster.');
        if (error instanceof ClusterRefusal) throw new StepFailure(`The cluster answers: ${error.message}`);
        if (!(error instanceof ConnectionLost)) throw error;
        if (Date.now() - began > BACK_WITHIN_MS || this.#io.stop.aborted)
          throw new StepFailure(`${error.message} How the pod ended is not known.`);
      }
    }
  }

  async #whyPending(reason: string, message: string): Promise<string> {
    const warnings = await this.#cluster.warnings(this.name).catch((): string[] => []);
    const why = warnings.length > 0 ? warnings.join('; ') : [reason, message].filter((part) => part !== '').join(': ');
    return `The pod did not start within ${Math.round(this.#pendingMs / 60_000)} min: ${why || 'the cluster says no reason'}.`;
  }
}

function stateOf({ status }: Pod, name: string): ContainerState {
  return [...status.initContainerStatuses, ...status.containerStatuses].find((each) => each.name === name)?.state ?? {};
}

function codeOf({ terminated }: ContainerState): number {
  if (terminated?.reason === 'OOMKilled')
    throw new StepFailure('The step used more memory than its limit, and was killed. Raise resources.memory.');
  return terminated?.exitCode ?? 0;
}
