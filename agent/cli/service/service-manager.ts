import { existsSync } from 'node:fs';
import { StartError } from '../../start-error.ts';
import { launchd } from './launchd.ts';
import type { Scope, ServiceSpec } from './service-spec.ts';
import type { Step } from './step.ts';
import { systemd } from './systemd-manager.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What is installed in a scope, as its files say. */
export interface Installed {
  /** The unit or plist, and whether it is there. */
  file: string;
  exists: boolean;
  /** What they say; null and empty where there are none. */
  home: string | null;
  user: string | null;
  environment: ReadonlyMap<string, string>;
  /** Where a first one keeps its state. */
  defaultHome: string;
}

/** How the service is, in the service manager's own words. */
export interface ServiceState {
  active: boolean;
  /** Such as “active (running) since …, starts at boot”. */
  words: string;
  pid: number | null;
}

/** systemd or launchd: what keeps Toru running. */
export interface ServiceManager {
  readonly name: string;
  installed(scope: Scope): Installed;
  install(spec: ServiceSpec): Step[];
  uninstall(scope: Scope): Step[];
  /** Starts what was just installed, or starts it again with what is new; systemd's waits until it says that it is up. */
  start(scope: Scope): Step;
  restart(scope: Scope): Step;
  stop(scope: Scope): Step;
  state(scope: Scope): ServiceState;
  /** Does this process belong to the service? */
  owns(scope: Scope, pid: number): boolean;
  logs(scope: Scope, how: { follow: boolean; lines: number }): readonly [string, ...string[]];
}

/** The one of this machine. @throws StartError where there is none that this command knows, with what to do instead. */
export function serviceManagerOf(
  env: Env,
  platform: string = process.platform,
  booted = existsSync('/run/systemd/system'),
): ServiceManager {
  if (platform === 'darwin') return launchd(env);
  if (booted) return systemd(env);
  throw new StartError(
    'No systemd runs here, and no other service manager is known to this command. In a container its engine keeps Toru running (docs/deploy.md); elsewhere let this machine’s own start “toru start” at boot, such as by a line of “crontab -e”: @reboot toru start',
  );
}

/** The scope of a command that names none: the one in which a service is installed, root’s first. @throws StartError */
export function scopeOf(manager: Pick<ServiceManager, 'installed'>): Scope {
  const scopes: Scope[] = process.getuid?.() === 0 ? ['system', 'user'] : ['user', 'system'];
  const found = scopes.find((scope) => manager.installed(scope).exists);
  if (found !== undefined) return found;
  throw new StartError('No service of Toru is installed here. Install it: toru service install');
}
