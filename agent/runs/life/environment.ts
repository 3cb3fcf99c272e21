import { actsAtStart } from '../../../shared/reserved-variables.ts';
import { loginEnvironment } from '../../system/login-environment.ts';

/** Every script gets these variables of the agent's environment beside those of a login shell: language and time zone. */
const BASIC = new Set(['LANGUAGE', 'TZ', 'TMPDIR']);

/** These variables are never handed on, even if an admin allows them by name: they are the agent's own, or npm's, which started the agent. */
const OWN = /^(ADMIN_USERNAME|ADMIN_PASSWORD|TORU_.*|npm_.*|INIT_CWD)$/i;

/**
 * The part of the environment that every script gets: an allow-list, never the agent's own environment with exceptions.
 * @param host the agent's. @param allow names that an admin added in the settings.
 */
export function baseEnvironment(host: Readonly<Record<string, string | undefined>>, allow: readonly string[]): Record<string, string> {
  const environment = loginEnvironment(host);
  const allowed = new Set(allow);
  for (const [name, value] of Object.entries(host)) {
    if (value === undefined || name === 'PATH' || OWN.test(name) || actsAtStart(name)) continue;
    if (BASIC.has(name) || name.startsWith('LC_') || allowed.has(name)) environment[name] = value;
  }
  return environment;
}

/**
 * The environment of a script: the base, the variables of its inputs, and whose run it is.
 * @param inputs variables that inputs set.
 * TORU_TASK_ID comes later: the wrapper gives it to the script alone, and not to the pumps.
 */
export function scriptEnvironment(
  base: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>>,
  run: { user: string; action: string | null },
): Record<string, string> {
  const environment: Record<string, string> = { ...base, ...inputs };
  environment['TORU_USER'] = run.user;
  if (run.action !== null) environment['TORU_ACTION'] = run.action;
  return environment;
}
