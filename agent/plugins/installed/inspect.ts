import { dirname, join } from 'node:path';
import { ToruError } from '../../../shared/errors.ts';
import type { PluginManifest } from '../../../shared/plugins.ts';
import { PLUGIN_MAX_BUNDLE } from '../../../shared/plugins.ts';
import type { Asking } from './manifest.ts';
import { askMetadata, MAX_MANIFEST_BYTES, readManifest } from './manifest.ts';
import type { Entry } from './plugins-folder.ts';
import type { PluginRow } from './registry.ts';
import type { Tree } from './tree.ts';
import { checkFolder, hashTree, readKnown } from './tree.ts';

/** A plugin's files as they are now. */
export interface Inspected {
  /** Its folder, in which it is started. */
  folder: string;
  /** Null when it can't be told. */
  sha256: string | null;
  /** Null when there is none, or when it would have to be run to know and nobody accepted these files. */
  manifest: PluginManifest | null;
  /** How it is started; null when it can't be. */
  argv: readonly string[] | null;
  bundle_sha256: string | null;
  /** Was its `--metadata` asked for just now? Whoever asks again for other files needs somebody's acceptance. */
  asked: boolean;
  /** What is wrong with it, for a person. */
  problem: string | null;
}

/** The names in a manifest that is none are as long as it likes. */
const MAX_PROBLEM = 1000;

/** What is known of it from before: which files may be run, and what their `--metadata` said. */
export type Known = Pick<PluginRow, 'seen_sha256' | 'seen_manifest' | 'accepted_sha256' | 'manifest'>;

/**
 * Looks at a plugin's files. Runs nothing of them but `--metadata`, and that only when they were never seen before, or when
 * these very files were accepted.
 * @param before what was found the last time: the same files are not asked again. @param accepting their hash, where an admin is accepting them right now.
 */
export async function inspect(
  entries: readonly Entry[],
  known: Known | null,
  asking: Asking,
  before: Inspected | null,
  accepting: string | null,
): Promise<Inspected> {
  const [entry, other] = entries;
  const nothing: Inspected = { folder: '', sha256: null, manifest: null, argv: null, bundle_sha256: null, asked: false, problem: null };
  if (entry === undefined) return nothing;
  const found: Inspected = { ...nothing, folder: entry.kind === 'folder' ? entry.path : dirname(entry.path) };
  if (other !== undefined) {
    return { ...found, problem: `${entry.path} and ${other.path} are both “${entry.id}”. Remove or rename one.` };
  }
  try {
    await checkFolder(dirname(entry.path));
    const tree = await hashTree(entry.path);
    found.sha256 = tree.sha256;
    const settled = before !== null && before.sha256 === tree.sha256 && (before.manifest !== null || before.problem !== null);
    if (settled && accepting === null) return { ...before, asked: false };
    const executable = executableOf(entry, tree);
    const text = await manifestText(entry, tree);
    if (text === null && executable === null) {
      throw new ToruError('plugin_invalid', `There is neither plugin.json nor an executable named “plugin” in ${entry.path}.`);
    }
    const manifest = text === null ? knownManifest(known, tree.sha256, accepting) : readManifest(text, 'plugin.json', entry.id);
    if (manifest === undefined) {
      found.asked = true;
      found.manifest = readManifest(await askMetadata(executable ?? '', found.folder, asking), '--metadata', entry.id);
    } else found.manifest = manifest;
    if (found.manifest === null) return found;
    found.argv = argvOf(entry, tree, text === null ? { ...found.manifest, run: undefined } : found.manifest, executable);
    found.bundle_sha256 = bundleOf(tree, found.manifest);
    return found;
  } catch (error) {
    return { ...found, problem: capital(error instanceof Error ? error.message : String(error)).slice(0, MAX_PROBLEM) };
  }
}

/** @returns what was hashed, not what may stand there since; null when it has none. */
async function manifestText(entry: Entry, tree: Tree): Promise<string | null> {
  const found = tree.files.get('plugin.json');
  if (found === undefined) return null;
  if (found.bytes > MAX_MANIFEST_BYTES)
    throw new ToruError('plugin_invalid', `plugin.json has more than ${MAX_MANIFEST_BYTES / 1024} KiB.`);
  const bytes = await readKnown(join(entry.path, 'plugin.json'), found.sha256, MAX_MANIFEST_BYTES);
  if (bytes === null) throw new ToruError('plugin_invalid', 'Its plugin.json changed while it was looked at. Look again.');
  return bytes.toString('utf8');
}

/** What it said before, where that is still these files' word. Undefined: it is to be asked. Null: it may not be. */
function knownManifest(known: Known | null, sha256: string, accepting: string | null): PluginManifest | null | undefined {
  if (known === null) return undefined;
  if (known.accepted_sha256 === sha256 && known.manifest !== null) return known.manifest;
  if (known.seen_sha256 === sha256 && known.seen_manifest !== null) return known.seen_manifest;
  const neverAsked = known.seen_sha256 === null && known.accepted_sha256 === null;
  return neverAsked || [accepting, known.accepted_sha256, known.seen_sha256].includes(sha256) ? undefined : null;
}

/** Absolute; null when there is none. */
function executableOf(entry: Entry, tree: Tree): string | null {
  if (entry.kind === 'file') return entry.path;
  const name = ['plugin', entry.id].find((each) => tree.executables.has(each));
  return name === undefined ? null : join(entry.path, name);
}

function argvOf(entry: Entry, tree: Tree, { run }: Pick<PluginManifest, 'run'>, executable: string | null): string[] {
  const [first, ...rest] = run ?? [];
  if (first === undefined) {
    if (executable === null) throw new ToruError('plugin_invalid', 'plugin.json has no “run”, and there is no executable named “plugin”.');
    return [executable];
  }
  // The agent's own: it runs TypeScript as it is, whatever the host has.
  if (first === 'node') return [process.execPath, ...rest];
  const inside = first.replace(/^\.\//, '');
  if (!tree.files.has(inside))
    throw new ToruError('plugin_invalid', `“run” names ${first}, which is not among its files. Only “node” may stand there besides.`);
  if (!tree.executables.has(inside)) throw new ToruError('plugin_invalid', `${first} is not executable. Use: chmod +x`);
  return [join(entry.path, inside), ...rest];
}

function bundleOf(tree: Tree, { page }: PluginManifest): string | null {
  if (page === undefined) return null;
  const bundle = tree.files.get(page.bundle);
  if (bundle === undefined) throw new ToruError('plugin_invalid', `The page’s bundle ${page.bundle} is not among its files.`);
  if (bundle.bytes > PLUGIN_MAX_BUNDLE) {
    throw new ToruError('plugin_invalid', `The page’s bundle has more than ${PLUGIN_MAX_BUNDLE / 1024 / 1024} MiB.`);
  }
  return bundle.sha256;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
