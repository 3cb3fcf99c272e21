import * as z from 'zod';
import { uuid } from './ids.ts';
import type { Orchestrator } from './orchestrators.ts';
import type { Terminal } from './terminals.ts';
import { visibleName } from './visible-name.ts';
import type { WorktreeStatus } from './worktrees.ts';

/** Folders of terminals: a tree with preferences, which each folder takes from those above it. */

/** Folders within folders. */
export const MAX_FOLDER_DEPTH = 8;
export const MAX_FOLDERS = 500;

const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => text.startsWith('/') && !text.includes('\0'), 'an absolute path');

/** What terminals that are opened in a folder begin with, where the request itself says nothing. */
export const folderPreferences = z.strictObject({
  cwd: path.optional(),
  shell: path.optional(),
  /** Added to those of the folders above; the same name replaces theirs. */
  env: z.record(z.string(), z.string().max(32 * 1024)).optional(),
  /** Typed into a new shell, with Enter. */
  startup_command: z.string().min(1).max(4096).optional(),
  /** Of git: worktrees are offered of it. */
  repository: path.optional(),
  /** Of the page's themes for terminals. */
  theme: z.string().min(1).max(64).optional(),
});
export type FolderPreferences = z.infer<typeof folderPreferences>;

export const folderParams = z.object({ id: uuid });
export const folderRemoval = z.object({ recursive: z.enum(['true', 'false']).default('false') });

export const folderCreate = z.strictObject({
  name: visibleName(80),
  /** null: at the top. */
  parent: uuid.nullable().default(null),
  position: z.int().min(0).max(1_000_000).optional(),
  preferences: folderPreferences.default({}),
});

export const folderPatch = z.strictObject({
  name: visibleName(80).optional(),
  parent: uuid.nullable().optional(),
  position: z.int().min(0).max(1_000_000).optional(),
  /** In place of those that the folder has. */
  preferences: folderPreferences.optional(),
});

export interface Folder {
  id: string;
  name: string;
  parent: string | null;
  position: number;
  preferences: FolderPreferences;
  created_at: string;
}

/** A folder with what it takes from those above. */
export interface FolderContext {
  folder: Folder;
  /** From the top to the folder itself. */
  path: Pick<Folder, 'id' | 'name'>[];
  /** Merged, the nearest folder's first. */
  preferences: FolderPreferences;
  /** The preferences that come from a folder above: the folder's id, by the preference's name. */
  inherited: Partial<Record<keyof FolderPreferences, string>>;
}

/** All that belongs to a folder: `GET /api/folders/:id/context`. */
export interface FolderContents extends FolderContext {
  /** Open ones, of it and of the folders below. */
  terminals: Terminal[];
  /** Of its repository; empty without one, or where git refuses it. */
  worktrees: WorktreeStatus[];
  /** That watch it, or a folder below. */
  orchestrators: Orchestrator[];
}
