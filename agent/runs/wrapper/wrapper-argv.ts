import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The script that a wrapper runs. */
export interface Order {
  taskId: string;
  /** The script's working directory. */
  directory: string;
  /** Absolute. */
  script: string;
  args: readonly string[];
}

/** Variables of the host's environment that the wrapper's shell, and the programs that it starts, may have as well. */
const HARMLESS =
  /^(PATH|HOME|LANG|LANGUAGE|TZ|USER|LOGNAME|SHELL|TMPDIR|TERM|LC_[A-Z]+|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|TORU_SOCKET)$/;

/**
 * Variables that some shell reads, changes or refuses to have set, and those that loaders obey. No shell of Toru sets these: `env`
 * does, which becomes the script. The wrapper passes on all others by `export NAME=value`.
 */
const OBEYED =
  /^(_|IFS|PATH|CDPATH|HOME|PWD|OLDPWD|ENV|PPID|E?UID|GROUPS|S?RANDOM|SECONDS|LINENO|DIRSTACK|PIPESTATUS|SHELL|SHLVL|SHELLOPTS|PS\d|PROMPT_COMMAND|POSIXLY_CORRECT|GLOBIGNORE|FUNC(NAME|NEST)|TMOUT|LANG|LANGUAGE|TZ|TERM|LC_.*|BASH.*|COMP_.*|EPOCH(SECONDS|REALTIME)|HIST[A-Z]*|MAIL|MAILCHECK|MAILPATH|OPT(IND|ARG|ERR)|(LD|DYLD)_.*|GLIBC_TUNABLES|MALLOC_.*|ATTY|toru.*)$/;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A wrapper's environment: the harmless part of the host's, with the host's own PATH, whatever PATH an input sets. */
export function wrapperEnvironment(base: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(base).filter(([name]) => HARMLESS.test(name)));
}

/** How the script gets a session and a group of its own. */
export interface Grouping {
  /** The path of `setsid`; null where the host has none: then the wrapper's shell does it. */
  setsid: string | null;
}

/**
 * How scripts get a group of their own on this host: by `setsid` of util-linux or busybox; without `setsid` (macOS) by `set -m` of
 * bash, which is `/bin/sh` there.
 * @param path where programs are, as in PATH.
 */
export function groupingOf(path: string): Grouping {
  for (const folder of new Set(['/usr/bin', '/bin', ...path.split(delimiter)])) {
    if (!folder.startsWith('/')) continue;
    try {
      accessSync(join(folder, 'setsid'), constants.X_OK);
      return { setsid: join(folder, 'setsid') };
    } catch {
      // Not here.
    }
  }
  return { setsid: null };
}

/**
 * The arguments and the environment of a new wrapper. Everybody on the host can read arguments, so values of variables stand in the
 * environment, under short names that no program obeys.
 * @param environment the script's. @param base the wrapper's, of the host's.
 */
export function argvOf(
  order: Order,
  environment: Readonly<Record<string, string>>,
  base: Readonly<Record<string, string>>,
  grouping: Grouping,
): { words: string[]; environment: Record<string, string> } {
  const own = Object.fromEntries(Object.entries(base).filter(([name, value]) => name === 'PATH' || environment[name] === value));
  // A shell passes on no variable whose name is none to it.
  const more = Object.entries(environment).filter(([name, value]) => own[name] !== value && IDENTIFIER.test(name));
  const carriers = shortNames(new Set([...Object.keys(environment), ...Object.keys(own)]));
  const lists: Record<'carried' | 'obeyed', string[]> = { carried: [], obeyed: [] };
  for (const [name, value] of more.sort(([a], [b]) => a.length - b.length)) {
    const carrier = carriers.next().value;
    own[carrier] = value;
    lists[OBEYED.test(name) ? 'obeyed' : 'carried'].push(`${carrier}:${name}`);
  }
  const command = [...(grouping.setsid === null ? [] : [grouping.setsid]), order.script, ...order.args];
  return { words: [order.taskId, order.directory, lists.carried.join(' '), lists.obeyed.join(' '), ...command], environment: own };
}

/** Names of variables, the shortest first, without those that are taken. */
function* shortNames(taken: ReadonlySet<string>): Generator<string, never> {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  for (let i = 0; ; i += 1) {
    let name = '';
    for (let rest = i + 1; rest > 0; rest = Math.floor((rest - 1) / letters.length))
      name = `${letters[(rest - 1) % letters.length]}${name}`;
    if (!taken.has(name)) yield name;
  }
}
