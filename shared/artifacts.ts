import * as z from 'zod';
import { taskId } from './ids.ts';

/** The files that a run leaves in `$TORU_ARTIFACTS`: kept and removed with the run. */

/** How the page shows one. `file`: not at all, it is downloaded. */
export type ArtifactKind = 'markdown' | 'table' | 'image' | 'text' | 'file';

const KINDS: readonly (readonly [kind: ArtifactKind, endings: readonly string[]])[] = [
  ['markdown', ['md', 'markdown']],
  ['table', ['csv', 'tsv']],
  ['image', ['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif', 'svg']],
  ['text', ['txt', 'log', 'json', 'yml', 'yaml', 'xml', 'html', 'diff', 'patch']],
];

/** By its name alone: nothing of a file is believed. */
export function kindOf(name: string): ArtifactKind {
  const ending = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return KINDS.find(([, endings]) => endings.includes(ending))?.[0] ?? 'file';
}

export interface Artifact {
  name: string;
  size: number;
  modified_at: string;
  kind: ArtifactKind;
}

/** Those of one folder, and not hidden. */
export const artifactName = z
  .string()
  .max(255)
  .regex(/^[^./\0][^/\0]*$/, 'the name of a file');
export const artifactParams = z.object({ id: taskId, name: artifactName });
