import { readFileSync, statSync } from 'node:fs';
import type { UserInfo } from 'node:os';
import { userInfo } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where programs are, if nobody says it: what a login shell of Debian begins with, for root and for everybody else. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Where distributions keep the language of their login shells (pam_env, locale.conf(5)). */
const LOCALE_FILES = ['/etc/default/locale', '/etc/locale.conf'];
const WITHOUT_LANG = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';

let account: UserInfo<string> | null = null;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment that the owner's login shell would give to every program, whatever started the agent: a terminal, `npm start`, a unit of
 * systemd, a container without any variables.
 * @param host the agent's own environment: what it says of these counts. @param runtime where user managers keep their sockets.
 */
export function loginEnvironment(host: Environment, runtime = '/run/user'): Record<string, string> {
  // Asked for once: where users come from a directory service, that is a question over the network.
  account ??= userInfo();
  const { uid, username, homedir, shell } = account;
  const named = (name: string, otherwise: string): Record<string, string> => ({ [name]: host[name] || otherwise });
  return {
    PATH: loginPath(host['PATH']),
    ...named('HOME', homedir),
    ...named('USER', username),
    ...named('LOGNAME', username),
    ...named('SHELL', shell || '/bin/sh'),
    LANG: host['LANG'] || languageOf(LOCALE_FILES),
    // There is no terminal: programs that ask for one get the least of all.
    TERM: 'dumb',
    ...userManager(host, join(runtime, String(uid)), uid),
  };
}

/**
 * PATH without what stands there for Toru itself: npm puts every `node_modules/.bin` from the clone up to `/` before it, with
 * Toru's own Node and npm's helpers. Relative parts go too: they would mean the script's folder.
 */
export function loginPath(path: string | undefined): string {
  const kept = (path ?? '').split(delimiter).filter((part) => isAbsolute(part) && !part.split('/').includes('node_modules'));
  return kept.length === 0 ? DEFAULT_PATH : [...new Set(kept)].join(delimiter);
}

/** With these, `systemctl --user`, `podman` and `secret-tool` find the user's manager and bus. Nothing where there is none. */
function userManager(host: Environment, folder: string, uid: number): Record<string, string> {
  const own = host['XDG_RUNTIME_DIR'] || folder;
  if (statOf(own)?.isDirectory() !== true || statOf(own)?.uid !== uid) return {};
  const bus = host['DBUS_SESSION_BUS_ADDRESS'] || (statOf(join(own, 'bus'))?.isSocket() === true ? `unix:path=${join(own, 'bus')}` : '');
  return { XDG_RUNTIME_DIR: own, ...(bus === '' ? {} : { DBUS_SESSION_BUS_ADDRESS: bus }) };
}

function statOf(path: string) {
  return statSync(path, { throwIfNoEntry: false });
}

/** Exported for the tests. */
export function languageOf(files: readonly string[]): string {
  for (const file of files) {
    const language = languageIn(file);
    if (language !== '') return language;
  }
  return WITHOUT_LANG;
}

/** The language that a file named when it was read last, and the state of the file then: every run asks. */
const read = new Map<string, { state: string; language: string }>();

function languageIn(file: string): string {
  const found = statOf(file);
  if (found === undefined) return '';
  const state = [found.dev, found.ino, found.size, found.mtimeMs, found.ctimeMs].join(' ');
  const known = read.get(file);
  if (known?.state === state) return known.language;
  const line = /^\s*LANG=(?:"([^"\n]*)"|'([^'\n]*)'|(\S*))\s*$/m.exec(textOf(file));
  const language = line?.[1] ?? line?.[2] ?? line?.[3] ?? '';
  read.set(file, { state, language });
  return language;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
