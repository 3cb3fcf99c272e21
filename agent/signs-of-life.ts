import { execFile } from 'node:child_process';
import * as z from 'zod';
import { ALIVE_EVERY_MS } from '../shared/limits.ts';

/**
 * Says at regular times that this process's event loop turns, to whoever asked: its parent over IPC (embedded/supervised-child.ts
 * reads it), and systemd. One that is stopped, or turns in a circle, falls silent, and is started again by them.
 */

/** In a child's environment: how the one before it ended, in words that follow its name. */
export const PREVIOUS_END = 'TORU_PREVIOUS_END';

/** The message of a child to its parent, again and again. Before the first one it is starting, which may take its time. */
export const aliveMessage = z.object({ type: z.literal('alive') });

/** @param check what has to answer too, before it is said; a rejection is a silence. @returns ends it. */
export function reportAlive(check: () => Promise<void> = async () => undefined): () => void {
  const say = (): void => {
    check().then(
      () => void process.send?.({ type: 'alive' } satisfies z.infer<typeof aliveMessage>),
      () => undefined,
    );
  };
  say();
  return every(ALIVE_EVERY_MS, say);
}

/** systemd, if it is what started this process. */
export interface ServiceManager {
  /** READY=1: `systemctl start` waits for it. From then on, signs of life, if WatchdogSec asks for them. */
  ready(): void;
  /** STOPPING=1, and no more signs of life. */
  stopping(): void;
}

/** systemd's own command, in the same package as systemd itself. */
const NOTIFY = 'systemd-notify';
/** systemd.service(5), WatchdogSec: the usual way is half of the time; a third forgives one that is late. */
const BEATS_PER_LIMIT = 3;
/** Without WatchdogSec: as long as the command waits by itself for systemd to have read it. */
const NOTIFY_MS = 5000;

/**
 * Takes what systemd says to its service out of the environment: nobody whom we start shall speak for us (sd_notify(3)).
 * Node has no datagram sockets of the Unix kind: the words go through systemd's own command, which the unit has to admit
 * (NotifyAccess=all).
 */
export function serviceManager(env: NodeJS.ProcessEnv): ServiceManager {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, PATH } = env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  const limitMs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid ? Number(WATCHDOG_USEC ?? 0) / 1000 : 0;
  const beatMs = Math.floor(limitMs / BEATS_PER_LIMIT);
  let stopBeating = (): void => undefined;
  const tell = (state: string): void => {
    if (NOTIFY_SOCKET === undefined) return;
    // One that hangs gives way to the next. What it could not say, systemd will act upon.
    const options = { env: { NOTIFY_SOCKET, ...(PATH === undefined ? {} : { PATH }) }, timeout: beatMs > 0 ? beatMs : NOTIFY_MS };
    execFile(NOTIFY, [state], options, () => undefined);
  };
  return {
    ready: () => {
      tell('READY=1');
      if (beatMs > 0) stopBeating = every(beatMs, () => tell('WATCHDOG=1'));
    },
    stopping: () => {
      stopBeating();
      tell('STOPPING=1');
    },
  };
}

function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms);
  timer.unref();
  return () => clearInterval(timer);
}
