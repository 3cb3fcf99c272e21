import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { textOf } from '../../shared/input-passing.ts';
import { type InputOf, type InputValues, isNothing, isShown, resolveEach } from '../../shared/input-values.ts';
import type { ActionInput } from '../../shared/inputs.ts';
import { OPTIONS_OUTPUT_BYTES, OPTIONS_TIMEOUT_S } from '../../shared/limits.ts';
import type { ScriptOption } from '../../shared/options.ts';
import { inputVariable } from '../../shared/reserved-variables.ts';
import { Semaphore } from '../../shared/semaphore.ts';
import type { ActionRow } from '../actions/action-row.ts';
import { baseEnvironment, scriptEnvironment } from '../runs/life/environment.ts';
import type { Settings } from '../settings/settings.ts';
import type { Caller } from '../users/caller.ts';
import { parseOptions } from './parse-options.ts';
import { outputOf } from './script-output.ts';

/** Scripts under way, of all users and of one. A person fills in one form at a time, whose choices wait for each other. */
const AT_ONCE = { slots: 8, perKey: 3, refusal: () => new ToruError('busy', 'Too many choices are being read. Try again in a moment.') };
const MOST_KEPT = 200;

interface Kept {
  until: number;
  options: Promise<ScriptOption[]>;
}

interface OptionScriptsOptions {
  /** TORU_HOME */
  home: string;
  settings: Pick<Settings, 'env_allow'>;
  scripts: { resolve(name: string): Promise<string> };
  environment?: Readonly<Record<string, string | undefined>>;
  now?: () => number;
}

/**
 * The options of choices that scripts say. Such a script runs as a press would: as the agent's user, in its own folder, with a run's
 * environment and arguments that no shell reads. It has ten seconds, and is no run: nothing of it is kept but the options, for a while.
 */
export class OptionScripts {
  readonly #o: OptionScriptsOptions;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  /** By who waits for the script. */
  readonly #semaphore = new Semaphore(AT_ONCE);

  constructor(options: OptionScriptsOptions) {
    this.#o = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The options of one choice. @param given the answers so far; those that the script uses have to be good.
   * @throws ToruError input_undeclared, options_failed, busy; as `Scripts.resolve` does. `extra.input` names the field.
   */
  async of(caller: Caller, action: ActionRow, name: string, given: Readonly<Record<string, unknown>>): Promise<ScriptOption[]> {
    const input = action.inputs.find((one) => one.name === name);
    if (input?.type !== 'choice' || input.options_from === undefined)
      throw new ToruError('input_undeclared', `This action has no choice “${name.slice(0, 60)}” whose options a script says.`, {
        extra: { input: name.slice(0, 60) },
      });
    const before = action.inputs.slice(0, action.inputs.indexOf(input));
    return this.#options(caller, action, input, await this.#answersBefore(caller, action, before, given));
  }

  /**
   * The inputs of an action, with the options of those that are answered: what a press is checked by. @throws ToruError as `of`.
   */
  async filled(caller: Caller, action: ActionRow, given: Readonly<Record<string, unknown>>): Promise<ActionInput[]> {
    const filled: ActionInput[] = [];
    for (const input of action.inputs) filled.push(await this.#fill(caller, action, input, filled, given));
    return filled;
  }

  async #fill(
    caller: Caller,
    action: ActionRow,
    input: ActionInput,
    before: readonly ActionInput[],
    given: Readonly<Record<string, unknown>>,
  ): Promise<ActionInput> {
    if (input.type !== 'choice' || input.options_from === undefined) return input;
    const { values } = resolveEach(before, only(before, given));
    const answer = given[input.name] === undefined ? input.default : given[input.name];
    if (!isShown(input, values) || isNothing(input, answer)) return input;
    return { ...input, options: await this.#options(caller, action, input, values) };
  }

  /** The good ones: an answer that is none yet is no variable. */
  async #answersBefore(
    caller: Caller,
    action: ActionRow,
    before: readonly ActionInput[],
    given: Readonly<Record<string, unknown>>,
  ): Promise<InputValues> {
    const filled: ActionInput[] = [];
    for (const input of before) filled.push(await this.#fill(caller, action, input, filled, given));
    return resolveEach(filled, only(filled, given)).values;
  }

  #options(caller: Caller, action: ActionRow, input: InputOf<'choice'>, values: InputValues): Promise<ScriptOption[]> {
    const from = input.options_from;
    if (from === undefined)
      return Promise.resolve(input.options.map(({ value, label }) => ({ value, ...(label === undefined ? {} : { label }) })));
    const variables = Object.fromEntries(
      from.uses.flatMap((name) => {
        const value = values[name];
        return value === undefined ? [] : [[inputVariable(name), Array.isArray(value) ? value.join('\n') : textOf(value)]];
      }),
    );
    const key = JSON.stringify([caller.user_id, action.id, action.revision, input.name, variables]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > this.#now()) return kept.options;
    const options = this.#run(caller, action, input, variables);
    // Whoever asks meanwhile waits for the same run.
    this.#kept.set(key, { until: Number.POSITIVE_INFINITY, options });
    options.then(
      () => this.#keep(key, { until: this.#now() + from.cache_s * 1000, options }),
      () => this.#kept.delete(key),
    );
    return options;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const [other, { until }] of this.#kept) if (until <= this.#now()) this.#kept.delete(other);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #run(caller: Caller, action: ActionRow, input: InputOf<'choice'>, variables: Record<string, string>): Promise<ScriptOption[]> {
    try {
      return await this.#semaphore.run(caller.user_id, null, async () => {
        const { script: name = '', args = [] } = input.options_from ?? {};
        const script = await this.#o.scripts.resolve(name);
        const { environment, settings, home } = this.#o;
        const base = { ...baseEnvironment(environment ?? process.env, settings.env_allow), TORU_SOCKET: join(home, 'api.sock') };
        const env = scriptEnvironment(base, { ...action.env, ...variables }, { user: caller.username, action: action.id });
        const ran = await outputOf(script, args, env, { timeoutMs: OPTIONS_TIMEOUT_S * 1000, bytes: OPTIONS_OUTPUT_BYTES });
        const options = 'problem' in ran ? ran.problem : parseOptions(ran.output);
        if (typeof options === 'string') throw failed(caller, input, `${name}: ${options}`);
        return options;
      });
    } catch (error) {
      if (error instanceof ToruError && error.code !== 'options_failed')
        throw new ToruError(error.code, error.message, { extra: { ...error.extra, input: input.name }, cause: error });
      throw error;
    }
  }
}

function only(inputs: readonly ActionInput[], given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(inputs.flatMap(({ name }) => (Object.hasOwn(given, name) ? [[name, given[name]]] : [])));
}

/** What stands behind a button is the admin's business. */
function failed({ role }: Caller, { name, label }: InputOf<'choice'>, why: string): ToruError {
  const message =
    role === 'admin'
      ? `The options of “${label}” could not be read. ${why}`
      : `The options of “${label}” can’t be read at the moment. Try again, or tell an administrator of this host.`;
  return new ToruError('options_failed', message, { extra: { input: name } });
}
