import { setTimeout as sleep } from 'node:timers/promises';
import { containerBody, RUN_LABEL } from './container-body.ts';
import type { Inspected, PullProgress } from './engine.ts';
import { Engine, EngineRefusal } from './engine.ts';
import type { ContainerOrder, DockerEngine } from './order.ts';
import { containerName, IN_CONTAINER } from './order.ts';
import { ContainerOutput } from './output-frames.ts';
import { registryAuth } from './registry-auth.ts';
import { ConnectionLost, StepFailure, StepStopped } from './step-failure.ts';
import { checkStart, filesIn, takeFiles } from './step-files.ts';
import type { StepIo } from './step-io.ts';

/** An engine that was restarted is waited for so long; its containers may go on meanwhile. */
const BACK_WITHIN_MS = 10 * 60_000;
const LOOK_MS = 500;
/** Progress of a pull is told so often. */
const TELL_MS = 5000;

/** One step in a container of the host's engine, from the image to the removal. @returns its exit code. @throws StepFailure, StepStopped */
export async function dockerStep(order: ContainerOrder, { sockets, config }: DockerEngine, io: StepIo): Promise<number> {
  const engine = await Engine.find(sockets);
  const name = containerName(order.task_id);
  await haveImage(engine, order.image, config, io);
  // Of a try before this one, where a host went down in the middle.
  await engine.remove(name);
  try {
    const id = await engine.create(name, containerBody(order, engine.kind), io.stop).catch((error: unknown) => {
      throw io.stop.aborted ? new StepStopped() : refusal(error, 'The container could not be made');
    });
    io.made({ engine: engine.kind, image: order.image, id });
    await engine.putFiles(id, filesIn(order, false));
    const output = new ContainerOutput(io.print);
    const attached = await engine.attach(id);
    if (io.stop.aborted) throw new StepStopped();
    const printing = output.take(attached);
    await engine.start(id).catch((error: unknown) => {
      throw refusal(error, 'The container could not be started');
    });
    const stopping = stopWhenAsked(engine, id, order.grace_s, io);
    await untilEnded(engine, id, output, printing, io);
    await stopping();
    if (io.stop.aborted) throw new StepStopped();
    const ended = await engine.inspect(id);
    await takeFiles(await engine.getFiles(id, '/toru/out'), order);
    const code = codeOf(ended, order);
    checkStart(code, order);
    return code;
  } finally {
    await io.removed(engine.remove(name));
  }
}

/** Removes what a step left whose program is gone, found by its label. @throws StepFailure, ConnectionLost */
export async function removeContainer({ task_id }: Pick<ContainerOrder, 'task_id'>, { sockets }: DockerEngine): Promise<void> {
  const engine = await Engine.find(sockets);
  for (const { Id } of await engine.labelled(`${RUN_LABEL}=${task_id}`)) await engine.remove(Id);
}

async function haveImage(engine: Engine, image: string, config: string | null, io: StepIo): Promise<void> {
  try {
    return await engine.image(image);
  } catch (error) {
    if (!(error instanceof EngineRefusal) || error.status !== 404) throw error;
  }
  io.say(`The image ${image} is not on this host: it is pulled.`);
  try {
    await engine.pull(image, await registryAuth(image, config), io.stop, pullTold(io));
  } catch (error) {
    if (io.stop.aborted) throw new StepStopped();
    if (!(error instanceof EngineRefusal)) throw error;
    throw new StepFailure(
      `The image ${image} could not be pulled: ${error.message}. Is its name right? For a registry of your own: docker login, as the agent's user.`,
    );
  }
  io.say(`The image ${image} is here.`);
}

/** A line for each layer that has come, and every few seconds how much of all. */
function pullTold(io: StepIo): (step: PullProgress) => void {
  const layers = new Map<string, { current: number; total: number }>();
  let toldAt = Date.now();
  return ({ status = '', id, progressDetail }) => {
    const { current, total } = progressDetail ?? {};
    if (id !== undefined && status === 'Downloading' && current !== undefined && total !== undefined) layers.set(id, { current, total });
    else if (id === undefined || status === 'Pull complete' || status === 'Already exists')
      io.say(id === undefined ? status : `${id}: ${status}`);
    if (Date.now() - toldAt < TELL_MS || layers.size === 0) return;
    toldAt = Date.now();
    const sum = [...layers.values()].reduce((all, layer) => ({ current: all.current + layer.current, total: all.total + layer.total }));
    io.say(`Downloading: ${(sum.current / 1e6).toFixed(0)} of ${(sum.total / 1e6).toFixed(0)} MB`);
  };
}

/** A stop goes to the container, once. @returns waits for it, where there was one. */
function stopWhenAsked(engine: Engine, id: string, graceSeconds: number, io: StepIo): () => Promise<void> {
  let stopping: Promise<void> | null = null;
  const stop = (): void => {
    io.say(`The container is stopped; what has not ended in ${graceSeconds} s is killed.`);
    stopping = engine.stop(id, graceSeconds).catch(() => engine.kill(id).catch(() => undefined));
  };
  if (io.stop.aborted) stop();
  else io.stop.addEventListener('abort', stop, { once: true });
  return async () => {
    io.stop.removeEventListener('abort', stop);
    await stopping;
  };
}

/** @returns when the container has ended and all of its output is printed. */
async function untilEnded(engine: Engine, id: string, output: ContainerOutput, printing: Promise<void>, io: StepIo): Promise<void> {
  await printing;
  for (;;) {
    try {
      // Its output ends with it. Where not, the connection broke, or it closed its output and goes on.
      if ((await engine.inspect(id)).State.Running) await output.take(await engine.logs(id), true);
      return await engine.wait(id);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw refusal(error, 'The container was lost');
      io.say(`${error.message} It is waited for; the container may go on meanwhile.`);
      await untilBack(engine, id, io);
      await output.take(await engine.logs(id), true);
    }
  }
}

async function untilBack(engine: Engine, id: string, io: StepIo): Promise<void> {
  const until = Date.now() + BACK_WITHIN_MS;
  for (;;) {
    try {
      await engine.inspect(id);
      return;
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw refusal(error, 'The container was lost');
      if (Date.now() >= until || io.stop.aborted) throw new StepFailure(`${error.message} How the container ended is not known.`);
      await sleep(LOOK_MS);
    }
  }
}

function codeOf({ State }: Inspected, { limits }: ContainerOrder): number {
  if (State.OOMKilled === true)
    throw new StepFailure(
      limits.memory_bytes === null
        ? 'The host had no memory left for the container, and it was killed.'
        : `The container used more memory than its limit of ${limits.memory_bytes / 1024 ** 2} MiB, and was killed. Raise resources.memory.`,
    );
  return State.ExitCode;
}

function refusal(error: unknown, what: string): unknown {
  if (!(error instanceof EngineRefusal)) return error;
  const hint = error.message.includes(IN_CONTAINER.workspace) ? ' Does the engine see the files of this host?' : '';
  return new StepFailure(`${what}: ${error.message}.${hint}`);
}
