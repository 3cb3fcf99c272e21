import type { Failure, FailureCode } from '../../../plugin-sdk/src/protocol.ts';
import type { ErrorCode, ToruError } from '../../../shared/errors.ts';
import type { PluginPeer } from './peer.ts';

/** What the protocol has a word of its own for. Everything else is `internal`, or `forbidden` where we said no. */
const CODES: Partial<Record<ErrorCode, FailureCode>> = {
  bad_request: 'bad_message',
  bad_frame: 'bad_message',
  not_found: 'not_found',
  unknown_action: 'not_found',
  conflict: 'conflict',
  too_large: 'too_large',
  quota_exceeded: 'quota_exceeded',
  disk_full: 'quota_exceeded',
  forbidden: 'forbidden',
  run_refused: 'busy',
  queue_full: 'busy',
  busy: 'busy',
  too_many_requests: 'busy',
  input_undeclared: 'bad_message',
  input_required: 'bad_message',
  input_invalid: 'bad_message',
  input_too_large: 'too_large',
};

/** Our refusal in the plugin's protocol. */
export function failureOf(error: ToruError): Failure {
  return { action: 'error', code: CODES[error.code] ?? 'internal', message: error.message };
}

/** Something worth an event: the supervisor keeps and logs it. */
export type Note = (event: string, message: string, detail?: Record<string, unknown>) => void;

/** What can't be understood or done is told so often, and counted in between. */
const TELL_MS = 10_000;

/** Says no to a plugin's messages: to the plugin where its message asks for an answer, and in the log, which it can't flood. */
export class Refusals {
  readonly #note: Note;
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(note: Note) {
    this.#note = note;
  }

  /** @param request the message, as far as it was understood. */
  refuse(peer: PluginPeer | null, request: { type: string; request_id: string } | null, error: ToruError): void {
    const answer = { timestamp: new Date().toISOString(), request_id: request?.request_id ?? '', payload: failureOf(error) };
    if (request?.type === 'kv') peer?.send({ type: 'kv', ...answer });
    if (request?.type === 'run') peer?.send({ type: 'run', ...answer });
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS) {
      this.#untold += 1;
      return;
    }
    this.#note('bad_message', error.message, { code: error.code, ...(this.#untold > 0 ? { more: this.#untold } : {}) });
    this.#toldAt = now;
    this.#untold = 0;
  }
}
