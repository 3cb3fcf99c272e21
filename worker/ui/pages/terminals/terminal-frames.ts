import type { TerminalFrameInput, TerminalServerFrame } from '../../../../shared/terminals.ts';
import { connection } from '../../connection/page-connection.ts';
import { isRecord } from '../../guards.ts';
import { isTerminalFrame } from './guards.ts';

type Hear = (frame: TerminalServerFrame) => void;

const listeners = new Set<Hear>();
let stop: (() => void) | null = null;

function isTerminal(frame: unknown): frame is { frame: unknown } {
  return isRecord(frame) && 'frame' in frame;
}

/**
 * Frames about terminals, of all that this page looks at, and the topic `terminals`.
 * @param caughtUp the host has confirmed, on this socket, that it tells us from now on: after each reconnect, what was
 * attached is attached again. @returns stop.
 */
export function hearTerminals(hear: Hear, caughtUp: () => void): () => void {
  stop ??= connection.onFrame('terminal', isTerminal, ({ frame }) => {
    if (isTerminalFrame(frame)) for (const each of [...listeners]) each(frame);
  });
  listeners.add(hear);
  const unfollow = connection.follow('terminals', caughtUp);
  return () => {
    unfollow();
    listeners.delete(hear);
    if (listeners.size > 0) return;
    stop?.();
    stop = null;
  };
}

/** @returns false when there is no connection now. */
export function sendTerminal(frame: TerminalFrameInput): boolean {
  return connection.send(frame);
}
