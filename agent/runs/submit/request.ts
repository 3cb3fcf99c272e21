import { createHash } from 'node:crypto';
import { ToruError } from '../../../shared/errors.ts';
import { checkVariables } from '../../../shared/input-declaration.ts';
import { MASK, maskSecrets, type PassedInputs, passInputs } from '../../../shared/input-passing.ts';
import { hasPattern, type InputValues, isMeant, isStored, resolveInputs } from '../../../shared/input-values.ts';
import type { ActionInput } from '../../../shared/inputs.ts';
import { MAX_ARG_BYTES, MAX_ARGS } from '../../../shared/limits.ts';
import type { RunSource } from '../../../shared/runs.ts';
import type { Actions } from '../../actions/actions.ts';
import type { Audit } from '../../audit/audit.ts';
import type { OptionScripts } from '../../options/option-scripts.ts';
import type { Scripts } from '../../scripts/scripts.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import type { Uploads } from '../../uploads/uploads.ts';
import type { Caller } from '../../users/caller.ts';
import type { Beside } from '../life/beside.ts';
import type { Prepared } from '../life/prepared.ts';

/** What somebody wants to be run. */
export interface StartRequest {
  action?: string | undefined;
  script?: string | undefined;
  inputs?: Record<string, unknown> | undefined;
  args?: readonly string[] | undefined;
  request_id?: string | undefined;
  /** ISO 8601, by this host's clock. */
  not_after?: string | undefined;
  source: RunSource;
}

/** What the agent itself wants to be run, with all that is to be known of it; rights were looked at where it was asked for. */
export interface OwnRequest {
  /** Chosen by who asks, so that its folder is known before; the run's request id, too: the same id never starts two. */
  task_id: string;
  prepared: Prepared;
  source: RunSource;
  beside: Beside;
}

/** What a request is checked against and filled in from, and where it is noted. */
export interface RequestServices {
  scripts: Pick<Scripts, 'resolve'>;
  actions: Pick<Actions, 'get' | 'mayUse' | 'patterns' | 'remembered'>;
  uploads: Pick<Uploads, 'filesOf' | 'claim' | 'discard' | 'release' | 'recover' | 'close'>;
  secrets: Pick<Secrets, 'valueOf'>;
  options: Pick<OptionScripts, 'filled'>;
  audit: Pick<Audit, 'record'>;
}

interface PrepareOptions extends Pick<RequestServices, 'actions' | 'uploads' | 'secrets'> {
  /** The action's, where scripts have said what may be chosen; null: as the action has them. */
  inputs: readonly ActionInput[] | null;
}

/**
 * Arguments and variables together. Linux allows a quarter of the stack's limit (2 MiB by default), macOS 1 MiB
 * (https://man7.org/linux/man-pages/man2/execve.2.html, “Limits on size of arguments and environment”); the host's own
 * variables and the wrapper's text need room too.
 */
const MAX_TOTAL_BYTES = 768 * 1024;

/**
 * Checks whether the caller may run what they request, and makes a `Prepared` of it. Admins run any script or action; clients the actions that they are allowed.
 * @throws ToruError forbidden, unknown_action, input_…, busy
 */
export function prepare(caller: Caller, request: StartRequest, services: PrepareOptions): Prepared {
  if ((request.action === undefined) === (request.script === undefined)) {
    throw new ToruError('bad_request', 'Ask for either an action or a script.');
  }
  const prepared = request.script === undefined ? prepareAction(caller, request, services) : prepareScript(caller, request, request.script);
  checkPassed(prepared.passed);
  return prepared;
}

function prepareScript(caller: Caller, request: StartRequest, script: string): Prepared {
  if (caller.role !== 'admin') throw new ToruError('forbidden', 'Only an administrator may run scripts by name. Use one of your actions.');
  const args = [...(request.args ?? [])];
  return {
    action: null,
    label: script,
    script,
    program: null,
    timeout_s: 0,
    stop_signal: 'TERM',
    grace_s: null,
    stdin: false,
    tty: false,
    inputs: {},
    passed: { args, env: {}, stdin: null },
    uploads: [],
    secrets: [],
  };
}

function prepareAction(caller: Caller, request: StartRequest, { actions, uploads, secrets, inputs }: PrepareOptions): Prepared {
  const id = request.action ?? '';
  const action = actions.get(id);
  // The same answer for an action that the caller may not use: ids can't be probed.
  if (action === null || !actions.mayUse(caller, action))
    throw new ToruError('unknown_action', `There is no action “${id.slice(0, 64)}” for you. It may have been removed: reload the page.`);
  checkVariables(action.inputs);
  const declared = inputs ?? action.inputs;
  const resolve = () => resolveInputs(declared, request.inputs ?? {});
  const answers = hasPattern(action.inputs) ? actions.patterns.spend(caller.user_id, action.id, resolve) : resolve();
  const values = { ...answers, ...storedOf(declared, answers, secrets) };
  const files = uploads.filesOf(caller, action.id, action.inputs, values);
  const passed = passInputs(declared, { ...values, ...files.paths });
  return {
    action: { id: action.id, revision: action.revision, max_concurrent: action.max_concurrent, when_full: action.when_full },
    label: action.label,
    script: action.script,
    program: null,
    timeout_s: action.timeout_s,
    stop_signal: action.stop_signal,
    grace_s: action.grace_s,
    stdin: action.stdin || action.tty,
    tty: action.tty,
    inputs: maskSecrets(action.inputs, { ...values, ...files.names }),
    passed: { ...passed, args: [...action.args, ...passed.args], env: { ...action.env, ...passed.env } },
    uploads: files.ids,
    secrets: action.inputs.flatMap(({ type, name }) => (type === 'secret' && name in values ? [String(values[name])] : [])),
  };
}

/** The values of inputs that nobody is asked for. @throws ToruError action_invalid where one is not stored. */
function storedOf(declared: readonly ActionInput[], answers: InputValues, secrets: RequestServices['secrets']): InputValues {
  const values: InputValues = {};
  for (const input of declared) {
    if (!isStored(input) || !isMeant(input, answers)) continue;
    const value = secrets.valueOf(input.stored);
    if (value === null)
      throw new ToruError(
        'action_invalid',
        `“${input.label}” needs the secret ${input.stored}, which this host does not keep. Store it: toru secret set ${input.stored}`,
        {
          extra: { input: input.name },
        },
      );
    values[input.name] = value;
  }
  return values;
}

/** @throws ToruError input_invalid, input_too_large: before anything is written down. */
export function checkPassed({ args, env }: PassedInputs): void {
  if (args.length > MAX_ARGS) throw new ToruError('input_too_large', `At most ${MAX_ARGS} arguments can be passed.`);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  let total = 0;
  for (const text of [...args, ...variables]) {
    if (text.includes('\0')) throw new ToruError('input_invalid', 'A NUL character can’t be passed to a script.');
    if (/\p{Surrogate}/u.test(text))
      throw new ToruError('input_invalid', 'An argument holds half of a character (a lone surrogate), which can’t be passed to a script.');
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_ARG_BYTES)
      throw new ToruError('input_too_large', 'An argument can be 128 KiB long at most. Pass more as standard input or in a file.');
    total += bytes + 1;
  }
  if (total > MAX_TOTAL_BYTES) {
    throw new ToruError('input_too_large', 'All arguments together can be 768 KiB long at most. Pass more as standard input or in a file.');
  }
}

/**
 * A fingerprint of a request, to tell a retry from another request under the same id. All values of a secret input count as the
 * same: even a hash of a short secret would give it away.
 * @param masked the inputs as the journal keeps them, secrets masked.
 */
export function requestHash(request: StartRequest, masked: InputValues): string {
  const inputs = Object.entries(request.inputs ?? {})
    .map(([name, value]) => [name, masked[name] === MASK ? MASK : value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const fields = JSON.stringify([request.action ?? null, request.script ?? null, request.args ?? [], inputs]);
  return createHash('sha256').update(fields).digest('hex');
}
