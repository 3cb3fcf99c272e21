/** Every way in which Toru says no: one list for HTTP, WebSocket, the link and the command line. */
export const ERROR_STATUS = {
  // the request itself
  bad_request: 400,
  bad_json: 400,
  bad_frame: 400,
  unknown_type: 400,
  bad_path: 400,
  bad_cursor: 400,
  too_large: 413,
  unsupported_media_type: 415,
  // who asks
  unauthenticated: 401,
  invalid_credentials: 401,
  /** A device's code waits for its person to confirm it on the device that showed it. */
  login_unconfirmed: 409,
  session_expired: 401,
  clock_skew: 401,
  cross_site: 403,
  bad_host: 403,
  forbidden: 403,
  reauth_required: 403,
  too_many_attempts: 429,
  too_many_requests: 429,
  // what is asked for
  not_found: 404,
  method_not_allowed: 405,
  unknown_task: 404,
  unknown_job: 404,
  unknown_terminal: 404,
  unknown_action: 404,
  unknown_script: 404,
  unknown_user: 404,
  unknown_host: 404,
  unknown_plugin: 404,
  conflict: 409,
  too_late: 412,
  request_id_reused: 409,
  username_taken: 409,
  last_admin: 409,
  not_running: 409,
  // pairing (RFC 8628, section 3.5) and hosts
  authorization_pending: 400,
  slow_down: 400,
  access_denied: 400,
  expired_token: 400,
  /** A fresh edge takes its first host only with the setup code that `toru deploy` printed. */
  claim_refused: 403,
  /** POST /api/pair at an edge without any host: there is nobody to pair with, and the first one claims it. */
  unclaimed: 409,
  /** The home host decides this; this host is a member. */
  not_home: 409,
  /** This member's directory is too old, or no longer names it. */
  membership_over: 403,
  // plugins
  plugin_invalid: 400,
  plugin_changed: 409,
  plugin_down: 502,
  plugin_failed: 502,
  plugin_timeout: 504,
  quota_exceeded: 507,
  // scripts and inputs
  /** scripts_dir itself is missing, no folder, or unreadable. */
  scripts_folder: 409,
  script_outside: 400,
  script_not_executable: 400,
  script_unsafe: 400,
  input_undeclared: 400,
  input_required: 400,
  input_invalid: 400,
  input_too_large: 400,
  input_not_accepted: 409,
  action_invalid: 400,
  // what can't be done now
  run_refused: 409,
  /** A message of ours to somewhere else, as to a push service. */
  not_delivered: 502,
  timed_out: 504,
  interrupted: 500,
  queue_full: 429,
  busy: 503,
  host_offline: 503,
  host_timeout: 504,
  disk_full: 507,
  spawn_failed: 500,
  /** The script that gives the options of a choice. */
  options_failed: 502,
  internal: 500,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface ErrorBody {
  error: { code: ErrorCode; message: string; [extra: string]: unknown };
}

/** Is this string one of the codes above? Used where an error arrives from another process. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_STATUS, code);
}

/**
 * The one error that crosses a border. `message` is read by a person and names the next step; `extra` is shown to the
 * asker beside code and message, so no secret and no path outside `scripts_dir` belongs in it. The cause stays inside.
 */
export class ToruError extends Error {
  readonly code: ErrorCode;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { extra?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'ToruError';
    this.code = code;
    this.extra = options.extra ?? {};
  }

  get status(): (typeof ERROR_STATUS)[ErrorCode] {
    return ERROR_STATUS[this.code];
  }

  /** The body of an HTTP error: `{"error":{"code","message",…extra}}`. */
  toBody(): ErrorBody {
    return { error: { ...this.extra, code: this.code, message: this.message } };
  }
}

/** Anything thrown, as an error that a client may see: what is not ours becomes `internal`, without its text. */
export function toToruError(thrown: unknown): ToruError {
  if (thrown instanceof ToruError) return thrown;
  return new ToruError('internal', 'Something went wrong on our side. The log has the details.', { cause: thrown });
}

/** The end of every switch over a union: a case without code fails the type check. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
