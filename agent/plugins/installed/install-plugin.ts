import { existsSync } from 'node:fs';
import { copyFile, lstat, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { ToruError } from '../../../shared/errors.ts';
import { parseJsonOrNull } from '../../../shared/json.ts';
import type { PluginManifest } from '../../../shared/plugins.ts';
import { pluginId } from '../../../shared/plugins.ts';
import { filesOf, packFolder, readArchive } from './archive.ts';
import { MAX_MANIFEST_BYTES, readManifest } from './manifest.ts';
import { findEntries } from './plugins-folder.ts';
import { hashTree } from './tree.ts';

/** What a new plugin is unpacked into first, in the same folder and so on the same disk. Hidden: nobody takes it for one. */
const INCOMING = '.incoming-';
/** Beside it, for a moment: the one that it replaces. */
const BEFORE = 'before';

/**
 * Puts a plugin into the folder of plugins, from an archive (.tgz) or a folder. Nothing of it is run. An archive is read
 * through before a byte is written; then either all of it is there, or nothing has changed.
 * @param from absolute. @returns what it says of itself.
 * @throws ToruError not_found, plugin_invalid, conflict.
 */
export async function installInto(plugins: string, from: string): Promise<PluginManifest> {
  const source = await lstat(from).catch(() => null);
  if (source === null) throw new ToruError('not_found', `${from} does not exist.`);
  if (!source.isDirectory() && !source.isFile()) throw new ToruError('plugin_invalid', `${from} is neither a folder nor an archive.`);
  const strip = source.isFile() ? await checkArchive(from) : '';
  const work = await mkdtemp(join(plugins, INCOMING));
  try {
    const folder = join(work, 'plugin');
    if (source.isFile()) await unpack(from, folder, strip);
    else await copyFolder(from, folder);
    const manifest = await manifestIn(folder);
    await hashTree(folder);
    await moveInto(plugins, manifest.id, folder, join(work, BEFORE));
    return manifest;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A plugin's folder as an archive, for `toru plugin pack`. @throws ToruError plugin_invalid, not_found. */
export async function pack(folder: string): Promise<{ manifest: PluginManifest; archive: Buffer }> {
  const manifest = await manifestIn(folder);
  const executables = new Set<string>();
  for (const path of await filesOf(folder)) if (((await stat(join(folder, path))).mode & 0o100) !== 0) executables.add(path);
  return { manifest, archive: await packFolder(folder, (path) => executables.has(path)) };
}

/** What a killed agent left half-way goes. What it had taken out of its place, with nothing there yet instead, goes back. */
export async function sweepIncoming(plugins: string): Promise<void> {
  for (const name of (await readdir(plugins)).filter((each) => each.startsWith(INCOMING))) {
    const before = join(plugins, name, BEFORE);
    const id = idIn(await readFile(join(before, 'plugin.json'), 'utf8').catch(() => ''));
    if (pluginId.safeParse(id).success && !existsSync(join(plugins, id))) await rename(before, join(plugins, id));
    await rm(join(plugins, name), { recursive: true, force: true });
  }
}

/** @returns the folder around everything in it, as npm and git make it, with its slash; empty when there is none. */
async function checkArchive(file: string): Promise<string> {
  const paths: string[] = [];
  const seen = new Set<string>();
  await readArchive(file, async ({ path, size }, body) => {
    const name = asOnDisk(path);
    if (seen.has(name)) invalid(`“${path}” is in it twice`);
    seen.add(name);
    paths.push(path);
    let bytes = 0;
    for await (const piece of body) bytes += piece.length;
    if (bytes !== size) invalid('the archive ends too soon');
  });
  for (const name of seen) {
    for (let parent = dirname(name); parent !== '.'; parent = dirname(parent))
      if (seen.has(parent)) invalid(`“${parent}” is a file in it, and a folder`);
  }
  if (paths.includes('plugin.json')) return '';
  // Of the paths as they are: in small letters a name may have another length.
  const around = paths.find((path) => /^[^/]+\/plugin\.json$/.test(path))?.slice(0, -'plugin.json'.length);
  if (around === undefined || paths.some((path) => !path.startsWith(around))) invalid('it has no plugin.json');
  return around;
}

/** Two names that are one on a disk that tells neither large letters from small ones, nor é from e with an accent. */
function asOnDisk(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

async function unpack(file: string, to: string, strip: string): Promise<void> {
  await readArchive(file, async ({ path, executable, size }, body) => {
    const inside = insideOf(path, strip);
    const target = join(to, inside);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    const out = await open(target, 'wx', executable ? 0o755 : 0o644);
    let bytes = 0;
    try {
      for await (const piece of body) {
        bytes += piece.length;
        await out.writeFile(piece);
      }
    } finally {
      await out.close();
    }
    if (bytes !== size) invalid('the archive has changed while it was read');
  });
}

/** Cut from another name than was looked at, what is left might begin with “../”. @param strip with its slash, or empty. */
export function insideOf(path: string, strip: string): string {
  return path.startsWith(strip) ? path.slice(strip.length) : invalid('the archive has changed while it was read');
}

async function copyFolder(from: string, to: string): Promise<void> {
  const paths = await filesOf(from);
  await mkdir(to, { mode: 0o755 });
  for (const path of paths) {
    await mkdir(dirname(join(to, path)), { recursive: true, mode: 0o755 });
    await copyFile(join(from, path), join(to, path));
  }
}

/** @throws ToruError plugin_invalid */
async function manifestIn(folder: string): Promise<PluginManifest> {
  const file = join(folder, 'plugin.json');
  const info = await stat(file).catch(() => null);
  if (info === null) return invalid('it has no plugin.json');
  if (info.size > MAX_MANIFEST_BYTES) return invalid(`its plugin.json is larger than ${MAX_MANIFEST_BYTES / 1024} KiB`);
  const text = await readFile(file, 'utf8');
  return readManifest(text, 'plugin.json', idIn(text));
}

/** Its folder will have this name. Whether it is one, readManifest says. */
function idIn(text: string): string {
  return z.object({ id: z.string() }).safeParse(parseJsonOrNull(text)).data?.id ?? '';
}

/** The one before stays until the new one is in its place. */
async function moveInto(plugins: string, id: string, folder: string, before: string): Promise<void> {
  const { byId } = await findEntries(plugins);
  const file = byId.get(id)?.find((entry) => entry.kind === 'file');
  if (file !== undefined) throw new ToruError('conflict', `${file.path} is this plugin already, as one file. Remove it first.`);
  const target = join(plugins, id);
  const replaces = existsSync(target);
  if (replaces) await rename(target, before);
  try {
    await rename(folder, target);
  } catch (error) {
    if (replaces) await rename(before, target);
    throw error;
  }
}

function invalid(why: string): never {
  throw new ToruError('plugin_invalid', `This plugin can’t be taken: ${why}.`);
}
