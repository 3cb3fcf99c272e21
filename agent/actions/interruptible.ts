import { types } from 'node:util';
import type { Context } from 'node:vm';
import { createContext, Script } from 'node:vm';

const CALL = new Script('work()');
/** The work took too long. */
export class OutOfTime extends Error {
  override name = 'OutOfTime';
}

/**
 * A clock that ran out on work that used less than this part of it has measured a busy machine. The first check of an agent takes
 * 10 ms of the processor, for code that is compiled then, and must not be held for a slow pattern within the 15 ms of one.
 */
const AT_WORK = 0.8;
const TRIES = 5;

/** Of this thread, in ms: V8's helpers compile and collect meanwhile. A Node before 23.9 knows the whole process only. */
export const cpuMs: () => number =
  typeof process.threadCpuUsage === 'function' ? () => inMs(process.threadCpuUsage()) : () => inMs(process.cpuUsage());

function inMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

/** One for all, from the first pattern on: making it takes 2.5 ms and half a megabyte, a call in it 0.1 ms. */
let room: Context | null = null;

/**
 * Does a piece of pure work, and gives it up when it takes too long: an action's pattern such as `(\w+ ?)*` can take years
 * for a text that a client made for it, and the whole agent with it. V8 can break off a regular expression, and only `vm`
 * can ask it to.
 * @param ms at most, by the clock. Where the machine was busy with something else meanwhile, it is tried again.
 * @throws OutOfTime; what `work` throws.
 */
export function interruptAfter<T>(work: () => T, ms: number): T {
  for (let tries = 1; ; tries += 1) {
    const before = cpuMs();
    try {
      return attempt(work, ms);
    } catch (error) {
      if (!(error instanceof OutOfTime) || tries === TRIES || cpuMs() - before >= ms * AT_WORK) throw error;
    }
  }
}

function attempt<T>(work: () => T, ms: number): T {
  const done: T[] = [];
  room ??= createContext({});
  room['work'] = () => void done.push(work());
  try {
    CALL.runInContext(room, { timeout: ms });
  } catch (error) {
    // Of the room's own realm: not `instanceof Error` here.
    if (types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new OutOfTime('the work took too long', { cause: error });
    }
    throw error;
  }
  const [result] = done;
  if (result === undefined) throw new Error('the work gave nothing');
  return result;
}
