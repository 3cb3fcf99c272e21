import type { ClientFrameInput, ServerFrame } from '../../../shared/browser-protocol.ts';
import { ToruError } from '../../../shared/errors.ts';
import { hostNow } from '../clock.ts';
import { fromServer, t } from '../translate.ts';
import { networkThere, OFFLINE } from './network-there.ts';

/** The thing to start: an action with its inputs, or (admins) a script with its arguments. */
export type StartRequest = { action: string; inputs: Record<string, unknown> } | { script: string; args: string[] };

/** The one request that somebody may send: the host starts it once, and not after `not_after`, ISO 8601. */
export interface Once {
  request_id: string;
  not_after: string;
}

interface Pending {
  frame: ClientFrameInput;
  resolve: (taskId: string) => void;
  reject: (error: ToruError) => void;
  timer: ReturnType<typeof setTimeout>;
}

/** No answer for so long, over however many reconnects, and the person is told. Nor does the host start it any more. */
const PATIENCE_MS = 30_000;

/**
 * Presses whose answer is still on its way. Each has a request id, under which the host starts at most one run: so a
 * press is sent again after a reconnect without a second thought.
 */
export class Starts {
  readonly #pending = new Map<string, Pending>();
  readonly #send: (frame: ClientFrameInput) => boolean;

  constructor(send: (frame: ClientFrameInput) => boolean) {
    this.#send = send;
  }

  /** @param once instead of a request of its own. @returns the run's task_id. @throws ToruError as the host said it, or host_timeout. */
  async start(request: StartRequest, once: Once = newRequest()): Promise<string> {
    if (!networkThere.peek()) throw new ToruError('host_timeout', t(OFFLINE));
    const id = once.request_id;
    const frame: ClientFrameInput = { type: 'run', ...request, ...once };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(
          new ToruError(
            'host_timeout',
            t('The host did not answer. Look into Runs before you press again: it may have started. It does not start any later.'),
          ),
        );
      }, PATIENCE_MS);
      this.#pending.set(id, { frame, resolve, reject, timer });
      this.#send(frame);
    });
  }

  /** After a reconnect. */
  resume(): void {
    for (const { frame } of this.#pending.values()) this.#send(frame);
  }

  /** @returns true when the frame answered a press from here. */
  take(frame: ServerFrame): boolean {
    if ((frame.type !== 'started' && frame.type !== 'error') || typeof frame.request_id !== 'string') return false;
    const pending = this.#pending.get(frame.request_id);
    if (pending === undefined) return false;
    this.#pending.delete(frame.request_id);
    clearTimeout(pending.timer);
    if (frame.type === 'started') pending.resolve(frame.task_id);
    else
      pending.reject(
        new ToruError(frame.code, fromServer(frame.code, frame.data), { extra: frame.input === undefined ? {} : { input: frame.input } }),
      );
    return true;
  }

  /** Nobody waits any more: logged out. */
  clear(): void {
    for (const { timer, reject } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new ToruError('unauthenticated', t('You were logged out before the host answered.')));
    }
    this.#pending.clear();
  }
}

function newRequest(): Once {
  return { request_id: crypto.randomUUID(), not_after: new Date(hostNow() + PATIENCE_MS).toISOString() };
}
