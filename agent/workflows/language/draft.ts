import type * as z from 'zod';
import type { definitions } from '../../../shared/flow/definition.ts';
import type { Imported, Library } from './import-library.ts';
import type { ActionForm, HookForm, TaskForm } from './normalize.ts';
import { quoted } from './quoted.ts';
import type { Origin } from './read-at.ts';
import { Problems } from './read-at.ts';

/** A name with a dot, `library.item` or `workspace.action`: what it stands for is known where it is run. */
export interface ExternalName {
  name: string;
  file: string;
  line: number;
  column: number;
}

type Form = z.input<typeof definitions>;

/** What is read beside its own files. */
export interface Around {
  /** Those of the host, by name; null where they are not known: then a name with a dot is taken as it is. */
  libraries: ReadonlyMap<string, Library> | null;
  /** It is a library itself: what its connections and secrets are is for those who use it. */
  isLibrary?: boolean;
  /** Does this library need the one that is read? */
  needs?: (library: string) => boolean;
}

/** A workspace while it is read: its definitions, and where each stands. */
export class Draft {
  readonly around: Around;
  /** The items of libraries that are named, once those are known. */
  imported: Imported = { actions: {}, tasks: {}, connection_types: {} };
  readonly problems = new Problems();
  readonly external: ExternalName[] = [];
  readonly secrets: Record<string, string> = {};
  readonly connectionTypes: NonNullable<Form['connection_types']> = {};
  readonly connections: NonNullable<Form['connections']> = {};
  readonly actions: Record<string, ActionForm> = {};
  /** The names of those that are written in a step: `<task>.<step>`. */
  readonly inline = new Set<string>();
  readonly tasks: Record<string, TaskForm> = {};
  readonly triggers: NonNullable<Form['triggers']> = {};
  readonly hooks: Record<'on_success' | 'on_error', { hook: HookForm; origin: Origin }[]> = { on_success: [], on_error: [] };
  /** By kind and name. */
  private readonly origins = new Map<string, Origin>();

  constructor(around: Around) {
    this.around = around;
  }

  /** Notes down where a name is defined. @returns false, with a problem at both places, when it was defined before */
  define(kind: string, name: string, origin: Origin): boolean {
    const before = this.origins.get(`${kind} ${name}`);
    if (before !== undefined) {
      const { file, line, column } = before.source.place(before.path, 'key');
      this.problems.atKey(
        origin,
        `The ${kind} ${quoted(name)} is defined twice; the first time in ${file}:${line}:${column}.`,
        'Give one of them another name.',
      );
      const here = origin.source.place(origin.path, 'key');
      this.problems.atKey(
        before,
        `The ${kind} ${quoted(name)} is defined twice; the second time in ${here.file}:${here.line}:${here.column}.`,
      );
      return false;
    }
    this.origins.set(`${kind} ${name}`, origin);
    return true;
  }

  /** Where a definition stands that was read without a problem. */
  origin(kind: string, name: string): Origin {
    const origin = this.origins.get(`${kind} ${name}`);
    if (origin === undefined) throw new Error(`no ${kind} ${name} was read`);
    return origin;
  }
}
