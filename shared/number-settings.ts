/** A setting of the host that is a whole number, from 0 or `least` on. */
interface NumberSetting {
  /** Until somebody sets it. */
  default: number;
  least?: number;
  most: number;
  unit: string;
  /** The name on the page, and the words below it. */
  label: string;
  help: string;
  /** The audit calls it so. */
  audit: string;
}

/** The host's settings that are whole numbers: schema, default, limit and form are made of this table. A new one is a line here. */
export const NUMBER_SETTINGS = {
  keep_days: {
    default: 90,
    most: 36_500,
    unit: 'days',
    label: 'Keep runs and their output for',
    help: 'Older ones are removed from the host. 0 keeps them for ever.',
    audit: 'how long runs are kept',
  },
  keep_runs: {
    default: 0,
    most: 1_000_000_000,
    unit: 'runs',
    label: 'Keep at most',
    help: 'Of the newest. 0 keeps any number.',
    audit: 'how many runs are kept',
  },
  // Of 90 days, few hosts print more: it keeps a script that went wild from filling the disk.
  keep_mb: {
    default: 20_480,
    most: 1_000_000_000,
    unit: 'MB',
    label: 'Keep output of at most',
    help: 'All runs together; the oldest go first. 0 sets no limit.',
    audit: 'how much output is kept',
  },
  output_limit_mb: {
    default: 256,
    most: 1_000_000,
    unit: 'MB',
    label: 'Keep of one run’s output at most',
    help: 'Of each of its two streams. 0 keeps all of it.',
    audit: 'how much one run may print',
  },
  alert_cpu_percent: {
    default: 0,
    most: 100,
    unit: '%',
    label: 'Tell when the processor is busy at',
    help: 'Or more, for five minutes. 0 never does.',
    audit: 'from when on a busy processor is told',
  },
  alert_memory_percent: {
    default: 95,
    most: 100,
    unit: '%',
    label: 'Tell when memory is used at',
    help: 'Or more, for five minutes. 0 never does.',
    audit: 'from when on full memory is told',
  },
  alert_disk_percent: {
    default: 90,
    most: 100,
    unit: '%',
    label: 'Tell when a disk is full at',
    help: 'Or more. 0 never does.',
    audit: 'from when on a full disk is told',
  },
  // Until then whoever looks at a run that just ended reads the raw files.
  compress_after_minutes: {
    default: 10,
    most: 1_000_000,
    unit: 'minutes',
    label: 'Compress output after a run’s end, after',
    help: 'It reads and searches as before, and takes a quarter of the room or less. 0 never does.',
    audit: 'when output is compressed',
  },
  max_steps: {
    default: 0,
    most: 256,
    unit: 'steps',
    label: 'Run steps of workflows at the same time',
    help: 'Further steps wait for their turn. 0 is twice as many as this host has processors.',
    audit: 'how many steps run at the same time',
  },
  trash_retention_days: {
    default: 30,
    most: 36_500,
    unit: 'days',
    label: 'Keep what was removed in the trash for',
    help: 'Ended terminals and removed worktrees. 0 keeps them for ever.',
    audit: 'how long the trash is kept',
  },
  token_rotation_days: {
    default: 30,
    most: 36_500,
    unit: 'days',
    label: 'Make another service token after',
    help: 'For programs of this host that are not its owner’s. The one before is good for another minute. 0 keeps it.',
    audit: 'how long a service token is good',
  },
  poll_interval_s: {
    default: 60,
    // Workspaces are looked at so often.
    least: 30,
    most: 86_400,
    unit: 'seconds',
    label: 'Look for changes of workspaces from git every',
    help: 'Only what is new there is fetched.',
    audit: 'how often git is looked at',
  },
  // An edge renews a grant when a quarter of an hour of it is left.
  grant_minutes: {
    default: 60,
    least: 20,
    most: 1440,
    unit: 'minutes',
    label: 'Other hosts serve without this one for',
    help: 'While this host is away, sessions that are open go on at its members for so long.',
    audit: 'how long members serve without their home host',
  },
} as const satisfies Record<string, NumberSetting>;
export type NumberName = keyof typeof NUMBER_SETTINGS;

/** The smallest value that a setting takes. */
export function leastOf(name: NumberName): number {
  const setting: NumberSetting = NUMBER_SETTINGS[name];
  return setting.least ?? 0;
}

/** The names of the settings in the table. */
export const NUMBER_NAMES: readonly NumberName[] = Object.keys(NUMBER_SETTINGS).filter(isNumberName);

function isNumberName(name: string): name is NumberName {
  return Object.hasOwn(NUMBER_SETTINGS, name);
}

/** Something for each setting of the table, by its name. */
export function ofEachNumber<T>(make: (name: NumberName) => T): Record<NumberName, T> {
  const made: Partial<Record<NumberName, T>> = {};
  for (const name of NUMBER_NAMES) made[name] = make(name);
  if (!isComplete(made)) throw new Error('unreachable: every name was made');
  return made;
}

function isComplete<T>(made: Partial<Record<NumberName, T>>): made is Record<NumberName, T> {
  return NUMBER_NAMES.every((name) => Object.hasOwn(made, name));
}
