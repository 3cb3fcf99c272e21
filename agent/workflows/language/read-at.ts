import type * as z from 'zod';
import { closest } from '../../../shared/closest.ts';
import type { Problem } from './problem.ts';
import { quoted } from './quoted.ts';
import type { Path, YamlSource } from './yaml-source.ts';

/** Where a definition stands: its file, and the path to it. */
export interface Origin {
  source: YamlSource;
  path: Path;
}

export const below = ({ source, path }: Origin, ...more: Path): Origin => ({ source, path: [...path, ...more] });

/** Collects the problems of a workspace. */
export class Problems {
  readonly found: Problem[] = [];

  /** At the value that stands there. */
  at({ source, path }: Origin, message: string, next?: string): void {
    this.found.push({ ...source.place(path), message, ...(next === undefined ? {} : { next }) });
  }

  /** At its key. */
  atKey({ source, path }: Origin, message: string, next?: string): void {
    this.found.push({ ...source.place(path, 'key'), message, ...(next === undefined ? {} : { next }) });
  }

  /** Inside the text that stands there. @param offset of a character of the value */
  within({ source, path }: Origin, offset: number, message: string, next?: string): void {
    this.found.push({ ...source.placeIn(path, offset), message, ...(next === undefined ? {} : { next }) });
  }

  /**
   * Reads a value by a schema of grammar.ts. Each issue of the schema becomes a problem at its place.
   * @param hints by the name of an unknown key: what to write instead. @returns null when something is wrong
   */
  read<T extends z.ZodType>(schema: T, value: unknown, origin: Origin, hints: Readonly<Record<string, string>> = {}): z.output<T> | null {
    const given = withoutEmpty(value);
    const result = schema.safeParse(given);
    if (result.success) return result.data;
    for (const issue of result.error.issues) this.issue(issue, given, origin, hints);
    return null;
  }

  private issue(issue: z.core.$ZodIssue, value: unknown, origin: Origin, hints: Readonly<Record<string, string>>): void {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    const place = below(origin, ...path);
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message.split(' ');
      // A hook: it names an action, and holds none of its own as a step does.
      const names = known.includes('action') && issue.keys.includes('type') ? { type: NAMED } : {};
      const all: Readonly<Record<string, string>> = { ...names, ...hints };
      for (const key of issue.keys) this.atKey(below(place, key), `${quoted(key)} is not known here.`, all[key] ?? meant(key, known));
      return;
    }
    const name = path.at(-1);
    const example = EXAMPLES[String(name)];
    const next = example === undefined ? undefined : `Write ${example}.`;
    if (valueAt(value, path) === undefined) this.atKey(below(origin, ...path.slice(0, -1)), `${quoted(String(name))} is missing.`, next);
    else this.at(place, `${typeof name === 'string' ? `${quoted(name)}: ` : ''}${sentence(issue)}`, isEmpty(issue) ? next : undefined);
  }
}

/** The next step for a word that is not known. */
export function meant(word: string, known: Iterable<string>): string {
  const all = [...known];
  const near = closest(word, all);
  if (near !== null) return `Did you mean ${quoted(near)}?`;
  if (all.length === 0) return 'There are none yet.';
  return `Known are ${all.slice(0, 24).join(', ')}${all.length > 24 ? ', …' : ''}.`;
}

/** `key:` with nothing behind it is as if it were not there. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inside]) => inside !== null));
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.entries(found).find(([key]) => key === String(part))?.[1];
  }
  return found;
}

const NAMED = 'Write the action under `actions:`, and name it here by `action:`.';

/** What to write where a field is missing, or empty. */
const EXAMPLES: Readonly<Record<string, string>> = {
  action: '“action:” with the name of an action',
  cmd: '“cmd:” with what a shell is to run, such as “cmd: echo hello”',
  cron: '“cron:” with five fields, such as “cron: "0 3 * * *"” for every night at three',
  dependencies: 'the name of a package, such as zod@4',
  flow: '“flow:” with the steps, such as “flow: { greet: { action: greet } }”',
  image: '“image:” with the name of an image, such as “image: docker.io/library/alpine:3”',
  interpreter: '“interpreter:” with a program that reads the script, such as “interpreter: /usr/bin/python3”, or leave it out',
  name: '“name:” with the end of the hook’s address, such as “name: pushed”',
  script: '“script:” with the text of the script, such as “script: echo hello”',
  secret: '“secret:” with a stored secret, such as “secret: "{{ secret.HOOK }}"”, or leave it out',
  source: '“source:” with a file of the workspace, such as “source: scripts/backup.sh”',
  task: '“task:” with the name of a task',
  timezone: '“timezone:” with an IANA name, such as “timezone: Europe/Copenhagen”, or leave it out',
  type: '“type:”, such as “type: string”',
};

function isEmpty(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'too_small' && issue.origin === 'string';
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `${KINDS[issue.expected] ?? issue.expected} is expected.`;
    case 'invalid_value':
      return `${issue.values.map(String).join(', ')} ${issue.values.length === 1 ? 'is' : 'are'} allowed.`;
    case 'too_small':
      return isEmpty(issue) ? 'it is empty.' : `at least ${issue.minimum} is expected.`;
    case 'too_big':
      return `at most ${issue.maximum} is expected.`;
    default:
      return `${issue.message}.`;
  }
}
