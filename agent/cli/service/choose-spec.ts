import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { checkVariables, expandHome, inConfigFile, NAMES } from '../../config.ts';
import { StartError } from '../../start-error.ts';
import { generatePassword } from '../../users/generated-password.ts';
import type { Account } from '../accounts.ts';
import { accountOf } from '../accounts.ts';
import { programOf } from './program.ts';
import type { Env, Installed } from './service-manager.ts';
import type { Scope, ServiceSpec } from './service-spec.ts';

/** What the owner typed. */
export interface Wanted {
  scope: Scope;
  home?: string;
  run_as?: string;
  /** The edge elsewhere; an empty one: on this machine. */
  edge?: string;
}

/** The user of a service of the whole machine, made when it is missing. */
const OWN_USER = 'toru';

/**
 * The service as it shall be: of what was typed and of the environment, else as the one before has it, else the defaults.
 * @param installed what is there already.
 * @returns with `password` when one was made up, to be shown once.
 * @throws StartError with the next step.
 */
export function chooseSpec(wanted: Wanted, env: Env, installed: Installed): { spec: ServiceSpec; password: string | null } {
  const { scope } = wanted;
  const home = chooseHome(wanted, env, installed);
  const account = scope === 'user' ? self() : chooseAccount(wanted, home, installed);
  checkOwner(home, account, scope);
  const environment = new Map<string, string>();
  for (const name of NAMES) {
    const value = env[name];
    if (value !== undefined && value !== '') environment.set(name, value);
  }
  if (wanted.edge !== undefined) environment.set('TORU_EDGE_URL', wanted.edge);
  const all = new Map([...installed.environment, ...environment]);
  checkVariables(Object.fromEntries(all));
  const settingOf = (name: string): unknown => all.get(name) || inConfigFile(home, name);
  const edge = settingOf('TORU_EDGE_URL') === undefined || settingOf('TORU_EDGE_URL') === '' ? 'embedded' : 'elsewhere';
  // Made up here, so that the service prints none into its journal.
  const password = existsSync(join(home, 'toru.db')) || settingOf('ADMIN_PASSWORD') !== undefined ? null : generatePassword();
  if (password !== null) environment.set('ADMIN_PASSWORD', password);
  return { spec: { scope, account, home, edge, command: programOf(edge, env['PATH']), environment }, password };
}

function chooseHome({ home, scope }: Wanted, env: Env, { home: before, defaultHome }: Installed): string {
  const given = home ?? (env['TORU_HOME'] || undefined);
  const chosen = given === undefined ? (before ?? defaultHome) : resolve(expandHome(given));
  if (scope === 'system' && !existsSync(chosen) && !existsSync(dirname(chosen)))
    throw new StartError(`${dirname(chosen)} does not exist. Make it, or choose another --home.`);
  if (existsSync(chosen) && !statSync(chosen).isDirectory()) throw new StartError(`${chosen} is not a folder. Choose another --home.`);
  return chosen;
}

/** Who owns the home that is there runs it; scripts are theirs. */
function chooseAccount({ run_as }: Wanted, home: string, { user }: Installed): Account {
  const owner = existsSync(home) ? statSync(home).uid : 0;
  const name = run_as ?? (owner === 0 ? null : accountOf(owner)?.name) ?? user ?? OWN_USER;
  const found = /^[a-z_][\w.-]{0,31}\$?$/i.test(name) ? accountOf(name) : null;
  if (found !== null) return found;
  if (name === OWN_USER) return { name, uid: -1, gid: -1, home };
  throw new StartError(`There is no user “${name}” on this machine. Make one, or leave out --run-as for one that is made.`);
}

function checkOwner(home: string, { name, uid }: Account, scope: Scope): void {
  if (!existsSync(home)) return;
  const owner = statSync(home).uid;
  if (owner === uid || (scope === 'system' && owner === 0 && readdirSync(home).length === 0)) return;
  const whose = accountOf(owner)?.name ?? `#${owner}`;
  throw new StartError(
    scope === 'system'
      ? `${home} belongs to ${whose}, and the service would run as ${name}. Leave out --run-as, choose another --home, or: chown -R ${name}: ${home}`
      : `${home} belongs to ${whose}. Choose another --home, or as that user: toru service install --user`,
  );
}

function self(): Account {
  const account = accountOf(process.getuid?.() ?? -1);
  if (account === null) throw new StartError('This user has no entry among the users of this machine (/etc/passwd).');
  return account;
}

/** The pid in `agent.pid` of a home. */
export function pidOf(home: string): number | null {
  try {
    return Number(readFileSync(join(home, 'agent.pid'), 'utf8').trim());
  } catch {
    return null;
  }
}
