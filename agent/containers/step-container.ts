import { readFileSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { dockerStep, removeContainer } from './docker-step.ts';
import { containerOrder, leftover } from './order.ts';
import { ConnectionLost, StepFailure, StepStopped } from './step-failure.ts';
import { stepIo } from './step-io.ts';

/**
 * The process of a run whose step is executed in a container: it asks the engine for one, prints what that prints, ends it when it is
 * stopped itself, and ends as it ended. So a step in a container is a run like any other: journal, log, masking, cancel and recovery are
 * those of runs, and it outlives the agent. The order comes on standard input. Called with `remove` and a note (leftovers.ts), it removes
 * what a step left.
 */

/** Of our own failures, as `docker run` has it. */
const OWN_FAILURE = 125;
const STOPPED = 143;

async function step(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => stop.abort());
  const order = containerOrder.parse(JSON.parse(await text(process.stdin)));
  const io = stepIo(order, stop.signal);
  try {
    switch (order.engine.type) {
      case 'docker':
        return await dockerStep(order, order.engine, io);
      case 'pod': {
        const { podStep } = await import('./pod-step.ts');
        return await podStep(order, order.engine, io);
      }
    }
  } catch (error) {
    if (error instanceof StepStopped) return STOPPED;
    const isOurs = error instanceof StepFailure || error instanceof ConnectionLost;
    io.failed(isOurs ? error.message : `The container step broke: ${error instanceof Error ? error.message : String(error)}`);
    return OWN_FAILURE;
  }
}

async function remove(note: string): Promise<number> {
  try {
    const left = leftover.parse(JSON.parse(readFileSync(note, 'utf8')));
    switch (left.engine.type) {
      case 'docker':
        await removeContainer(left, left.engine);
        break;
      case 'pod': {
        const { removePod } = await import('./pod-step.ts');
        await removePod(left, left.engine);
      }
    }
    rmSync(note, { force: true });
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

const [, , word, note = ''] = process.argv;
process.exitCode = word === 'remove' ? await remove(note) : await step();
// A connection to an engine that hangs does not keep a step that has ended.
process.exit();
