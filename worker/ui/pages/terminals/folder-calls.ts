import type { List } from '../../../../shared/api.ts';
import type { Folder, FolderPreferences } from '../../../../shared/folders.ts';
import { agent, read, until } from '../../api.ts';
import { isAnything, isRecord, listOf, number, orNull, shape, text } from '../../guards.ts';

/** Folders of terminals. Each call throws ToruError; the password is asked for where it was typed too long ago. */

const isFolder = shape<Folder>({ id: text, name: text, parent: orNull(text), position: number, preferences: isRecord });
const { folders } = agent;

export interface FolderFields {
  name: string;
  parent: string | null;
  preferences: FolderPreferences;
}

export const listFolders = (signal?: AbortSignal): Promise<List<Folder>> => read(listOf(isFolder), folders.$get({}, until(signal)));
export const makeFolder = (json: FolderFields): Promise<Folder> => read(isFolder, folders.$post({ json }));
export const changeFolder = (id: string, json: FolderFields): Promise<Folder> =>
  read(isFolder, folders[':id'].$patch({ param: { id }, json }));
/** With the folders in it; its terminals stay, and are in no folder. */
export const removeFolder = (id: string): Promise<unknown> =>
  read(isAnything, folders[':id'].$delete({ param: { id }, query: { recursive: 'true' } }));
