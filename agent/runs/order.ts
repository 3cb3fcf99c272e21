/** What a wrapper is told to run. */
export interface Order {
  taskId: string;
  /** The script's working directory. */
  directory: string;
  /** Absolute. */
  script: string;
  args: readonly string[];
}

/** What the wrapper's own shell and the programs that it starts may have of a script's variables, when the host says so. */
const HARMLESS =
  /^(PATH|HOME|LANG|LANGUAGE|TZ|USER|LOGNAME|SHELL|TMPDIR|TERM|LC_[A-Z]+|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|TORU_SOCKET)$/;

/**
 * Variables that some shell reads, changes or refuses to have set, and those that loaders obey: no shell of ours sets them.
 * `env` does, which becomes the script. All others are passed on as they are by `export NAME=value`.
 */
const OBEYED =
  /^(_|IFS|PATH|CDPATH|HOME|PWD|OLDPWD|ENV|PPID|E?UID|GROUPS|S?RANDOM|SECONDS|LINENO|DIRSTACK|PIPESTATUS|SHELL|SHLVL|SHELLOPTS|PS\d|PROMPT_COMMAND|POSIXLY_CORRECT|GLOBIGNORE|FUNC(NAME|NEST)|TMOUT|LANG|LANGUAGE|TZ|TERM|LC_.*|BASH.*|COMP_.*|EPOCH(SECONDS|REALTIME)|HIST[A-Z]*|MAIL|MAILCHECK|MAILPATH|OPT(IND|ARG|ERR)|(LD|DYLD)_.*|GLIBC_TUNABLES|MALLOC_.*|ATTY|toru.*)$/;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A wrapper's environment: of the host's base that which does no harm, and its PATH, whatever an input makes of that. */
export function wrapperEnvironment(base: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(base).filter(([name]) => HARMLESS.test(name)));
}

/** How the script gets a session and a group of its own. Null: by the wrapper's shell. */
export interface Grouping {
  /** The path of `setsid`; null where the host has none. */
  setsid: string | null;
}

function commandOf({ script, args }: Order, { setsid }: Grouping): string[] {
  return [...(setsid === null ? [] : [setsid]), script, ...args];
}

/** What a script's environment has that is not in the wrapper's. */
function moreOf(environment: Readonly<Record<string, string>>, has: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(environment).filter(([name, value]) => has[name] !== value);
}

/**
 * What a new wrapper is given: its arguments, and its environment. Anybody on the host can read arguments, so values stand in
 * the environment, under short names that nobody obeys: in there they are no longer than under their own.
 * @param environment the script's. @param base what the wrapper may have of the host's.
 */
export function argvOf(
  order: Order,
  environment: Readonly<Record<string, string>>,
  base: Readonly<Record<string, string>>,
  grouping: Grouping,
): { words: string[]; environment: Record<string, string> } {
  const own = Object.fromEntries(Object.entries(base).filter(([name, value]) => name === 'PATH' || environment[name] === value));
  // A shell passes on no variable whose name is none to it.
  const more = moreOf(environment, own).filter(([name]) => IDENTIFIER.test(name));
  const carriers = shortNames(new Set([...Object.keys(environment), ...Object.keys(own)]));
  const lists: Record<'carried' | 'obeyed', string[]> = { carried: [], obeyed: [] };
  for (const [name, value] of more.sort(([a], [b]) => a.length - b.length)) {
    const carrier = carriers.next().value;
    own[carrier] = value;
    lists[OBEYED.test(name) ? 'obeyed' : 'carried'].push(`${carrier}:${name}`);
  }
  const words = [order.taskId, order.directory, lists.carried.join(' '), lists.obeyed.join(' '), '0', ...commandOf(order, grouping)];
  return { words, environment: own };
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
