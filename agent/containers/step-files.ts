import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TarSource } from 'modern-tar/fs';
import { packTar } from 'modern-tar/fs';
import { MAX_ARTIFACT_BYTES } from '../../shared/limits.ts';
import { ARTIFACTS_FOLDER } from '../logs/artifacts.ts';
import type { ContainerOrder } from './order.ts';
import { FAILURE_FILE, OUTPUT_FILE, STEP_FOLDER } from './order.ts';
import { StepFailure } from './step-failure.ts';
import { tarEntries } from './tar-entries.ts';

/**
 * A step's files go into its container and come out of it as a tar, and are not mounted: what a container's root made on a mounted folder,
 * the agent's user could neither read nor remove.
 */

/** Twice: results, and state for the next job. */
const MOST_BYTES = 2 * MAX_ARTIFACT_BYTES;
const MOST_FILES = 10_000;

/**
 * Why the first program of a script (start-script.ts) could not start it. A word and no sentence: the script itself could write there, and
 * what it writes is shown on the job without a look for secrets.
 */
const START_FAILURES: ReadonlyMap<string, string> = new Map([
  ['no_interpreter', 'The image has nothing that reads the script. Set runner_image to one that has, or name an interpreter.'],
  [
    'not_installed',
    'What the script depends on could not be installed. Is each name right, and can the container reach the registry? The log says more.',
  ],
]);
const OWN_FAILURE = 125;

/** @param code the container’s. @throws StepFailure where it ended before the script could begin. */
export function checkStart(code: number, { folder }: Pick<ContainerOrder, 'folder'>): void {
  const file = join(folder, STEP_FOLDER, 'out', FAILURE_FILE);
  if (code !== OWN_FAILURE || (statSync(file, { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY) > 100) return;
  const message = START_FAILURES.get(readFileSync(file, 'utf8').trim());
  if (message !== undefined) throw new StepFailure(message);
}

/** A folder of which anybody in the container may make use, whoever the image says it runs as. */
const OPEN = 0o777;

/** What a step is given, as a tar to be unpacked at `/`. @param workspace its files go with it, where nothing can be mounted. */
export function filesIn({ files, state, workspace }: ContainerOrder, withWorkspace: boolean): Readable {
  const folder = (target: string): TarSource => ({ type: 'content', content: null, target: `${target}/`, mode: OPEN });
  const sources: TarSource[] = [folder('toru'), folder('toru/in'), folder('toru/out'), folder('toru/out/artifacts')];
  if (existsSync(state.before)) sources.push({ type: 'directory', source: state.before, target: 'toru/in/state', mode: OPEN });
  if (existsSync(state.out)) sources.push({ type: 'directory', source: state.out, target: 'toru/out/state', mode: OPEN });
  for (const [name, content] of Object.entries(files)) sources.push({ type: 'content', content, target: `toru/in/${name}`, mode: 0o755 });
  sources.push({ type: 'content', content: '', target: 'toru/out/output', mode: 0o666 });
  if (withWorkspace && workspace !== null) sources.push({ type: 'directory', source: workspace, target: 'workspace' });
  return packTar(sources, {
    map: (header) => (header.name.endsWith('/') && header.size === 0 ? { ...header, type: 'directory' } : header),
  });
}

/**
 * Takes a container's `/toru/out`, a tar whose paths begin with `out/`: `$TORU_OUTPUT`, results, state. Links and devices are left out, so
 * nothing in it can lead elsewhere. @throws StepFailure when it is too much
 */
export async function takeFiles(tar: Readable, { folder, state }: Pick<ContainerOrder, 'folder' | 'state'>): Promise<void> {
  const taken = join(folder, STEP_FOLDER, 'out');
  rmSync(taken, { recursive: true, force: true });
  mkdirSync(taken, { recursive: true, mode: 0o700 });
  let [bytes, files] = [0, 0];
  for await (const { name, type, size, bytes: body } of tarEntries(tar)) {
    const path = pathIn(name);
    if (type !== 'file' || path === null) continue;
    bytes += size;
    files += 1;
    if (bytes > MOST_BYTES || files > MOST_FILES)
      throw new StepFailure(
        `It left more than ${MOST_BYTES / 1024 ** 2} MiB or ${MOST_FILES} files in $TORU_ARTIFACTS and $STATE_OUT. Leave less.`,
      );
    const target = join(taken, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    await pipeline(body(), createWriteStream(target, { flags: 'wx', mode: 0o600 }));
  }
  place(join(taken, 'output'), join(folder, STEP_FOLDER, OUTPUT_FILE));
  place(join(taken, 'artifacts'), join(folder, ARTIFACTS_FOLDER));
  // What the step removed is gone, too.
  mkdirSync(join(taken, 'state'), { recursive: true, mode: 0o700 });
  place(join(taken, 'state'), state.out);
}

function place(from: string, to: string): void {
  if (!existsSync(from)) return;
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
}

/** Below `out/`. @returns null for what lies elsewhere. */
function pathIn(name: string): string | null {
  const parts = name.replace(/^(?:\.\/)+/, '').split('/');
  if (parts.shift() !== 'out' || parts.length === 0) return null;
  return parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')) ? null : parts.join('/');
}
