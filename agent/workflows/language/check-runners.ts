import { TAG } from '../../../shared/settings.ts';
import type { Draft } from './draft.ts';
import type { ActionForm } from './normalize.ts';
import { quoted } from './quoted.ts';
import type { Origin } from './read-at.ts';
import { below } from './read-at.ts';
import { cpuOf, LEAST_MEMORY, memoryOf } from './resources.ts';

const IMAGE = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}$/;
/** A package with its version, as pip and npm take it: never an option, an address or a second line. */
const DEPENDENCY = /^[@A-Za-z0-9][A-Za-z0-9 @._/~^<>=!,*[\]+-]{0,213}$/;
/** Where a pod's manifest may not speak: Toru finds its pods by these. */
const OWN_METADATA = ['name', 'generateName', 'namespace'];

/** What an action says of where and how it is executed. @param origin of the action */
export function checkRunner(draft: Draft, action: ActionForm, origin: Origin): void {
  const { problems } = draft;
  for (const [at, tag] of (action.tags ?? []).entries())
    if (!TAG.test(tag))
      problems.at(
        below(origin, 'tags', at),
        `${quoted(tag)} can’t be a tag.`,
        'Tags are letters, digits, dots, hyphens and underscores, at most 63.',
      );
  if (action.type === 'docker' || action.type === 'pod') {
    if (!action.image.includes('{') && !IMAGE.test(action.image))
      problems.at(
        below(origin, 'image'),
        `${quoted(action.image)} can’t be the name of an image.`,
        'It is such as docker.io/library/alpine:3.',
      );
  }
  if (action.type === 'script')
    for (const [at, name] of (action.dependencies ?? []).entries())
      if (!DEPENDENCY.test(name))
        problems.at(
          below(origin, 'dependencies', at),
          `${quoted(name)} is no package.`,
          'Write its name, with a version where it matters: zod@4, requests==2.32.',
        );
  if (action.type !== 'script' && action.type !== 'docker' && action.type !== 'pod') return;
  if (action.type === 'script' && (action.runner ?? 'local') === 'local' && action.resources !== undefined)
    problems.atKey(
      below(origin, 'resources'),
      'A step on the host itself has no limits of its own: `resources` would do nothing.',
      'Write `runner: docker` (or `pod`) with it, or leave it out; the host’s service manager can limit the agent and all of its runs.',
    );
  checkResources(draft, action.resources, below(origin, 'resources'));
  if (action.type !== 'docker' && action.manifest !== undefined) checkManifest(draft, action.manifest, below(origin, 'manifest'));
}

function checkResources(
  { problems }: Draft,
  resources: { cpu?: string | undefined; memory?: string | undefined } | undefined,
  at: Origin,
): void {
  if (resources?.cpu !== undefined && cpuOf(resources.cpu) === null)
    problems.at(below(at, 'cpu'), `${quoted(resources.cpu)} is no number of processors.`, 'Write 2, 0.5, or 500m for half a processor.');
  if (resources?.memory === undefined) return;
  const bytes = memoryOf(resources.memory);
  if (bytes === null)
    problems.at(below(at, 'memory'), `${quoted(resources.memory)} is no amount of memory.`, 'Write 512Mi, 1Gi, or bytes.');
  else if (bytes < LEAST_MEMORY) problems.at(below(at, 'memory'), 'A container needs at least 6Mi of memory.');
}

/** Merged into the pod that Toru makes: lists of things with names are merged by these. */
function checkManifest({ problems }: Draft, manifest: unknown, at: Origin): void {
  const metadata = mapIn(manifest, 'metadata');
  for (const key of OWN_METADATA)
    if (metadata !== null && Object.hasOwn(metadata, key))
      problems.atKey(
        below(at, 'metadata', key),
        `“${key}” of a pod is Toru’s own: it finds the pod again by it.`,
        'Leave it out. A namespace is set on the host: TORU_KUBE_NAMESPACE.',
      );
  const spec = mapIn(manifest, 'spec');
  for (const list of ['containers', 'initContainers', 'volumes']) {
    const items = spec === null ? undefined : Object.entries(spec).find(([key]) => key === list)?.[1];
    if (items === undefined || items === null) continue;
    if (!Array.isArray(items)) problems.at(below(at, 'spec', list), 'A list is expected.');
    else
      for (const [index, item] of items.entries())
        if (typeof nameIn(item) !== 'string')
          problems.at(
            below(at, 'spec', list, index),
            'Its “name” is missing, by which it is merged.',
            'The container of the step is called step.',
          );
  }
  if (spec !== null && Object.hasOwn(spec, 'restartPolicy'))
    problems.atKey(
      below(at, 'spec', 'restartPolicy'),
      'A step is executed once: its pod is never restarted.',
      'Write `retry:` for another attempt.',
    );
}

function mapIn(value: unknown, key: string): object | null {
  if (typeof value !== 'object' || value === null) return null;
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? found : null;
}

function nameIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === 'name')?.[1] : undefined;
}
