import type { Failure, FailureCode } from '../../../plugin-sdk/src/protocol.ts';
import type { ErrorCode, ToruError } from '../../../shared/errors.ts';

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
