import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { Action } from '../../shared/flow/definition.ts';
import type { Lookup } from '../../shared/flow/template/evaluate.ts';
import { printed } from '../../shared/flow/template/values.ts';
import { renderValue } from '../../shared/flow/template.ts';
import type { ContainerSettings } from '../config-containers.ts';
import { engineSockets } from '../containers/engine-sockets.ts';
import { kubeconfigFiles, ownCluster } from '../containers/kube-files.ts';
import { limitsOf } from '../containers/limits.ts';
import type { ContainerOrder } from '../containers/order.ts';
import { IN_CONTAINER } from '../containers/order.ts';
import { resolveFile } from '../scripts/resolve.ts';
import { RESOLVE_FILE, resolveHook } from './dependencies.ts';
import { LANGUAGES } from './languages.ts';
import { START_SCRIPT } from './start-script.ts';

type ScriptAction = Extract<Action, { type: 'script' }>;
export type ContainerAction = Extract<Action, { type: 'script' | 'docker' | 'pod' }>;

export interface ContainerStepOptions {
  action: ContainerAction;
  /** What its templates may name. */
  context: Lookup;
  /** The workspace's folder, with every link followed. */
  root: string;
  /** TORU_HOME */
  home: string;
  settings: ContainerSettings;
  /** The agent's own. */
  environment: Readonly<Record<string, string | undefined>>;
}

/** What of an order comes from the action. */
export type ContainerStep = Pick<
  ContainerOrder,
  'engine' | 'image' | 'entrypoint' | 'command' | 'workdir' | 'env' | 'limits' | 'init' | 'workspace' | 'files'
>;

/** From the image's own command to KILL, where a step is stopped. */
export const GRACE_S = 10;
const IMAGE = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}$/;

/** Where an action is executed: on the host itself, in a container, in a cluster. */
export function runnerOf(action: Action): 'local' | 'docker' | 'pod' | null {
  if (action.type === 'script') return action.runner;
  return action.type === 'docker' || action.type === 'pod' ? action.type : null;
}

/** An action as a container is made of it. @throws ToruError, TemplateError with what to do */
export async function containerStep(options: ContainerStepOptions): Promise<ContainerStep> {
  const { action } = options;
  const shared = { engine: engineOf(options), limits: limitsOf(action.resources), workdir: action.workdir ?? null };
  return action.type === 'script'
    ? { ...shared, ...(await scriptIn(options, action)) }
    : { ...shared, ...(await imageAsItIs(options, action)) };
}

/** An image as it is, without the workspace: its own `/workspace`, if it has one, stays. */
async function imageAsItIs(
  { context }: ContainerStepOptions,
  action: Extract<ContainerAction, { type: 'docker' | 'pod' }>,
): Promise<Omit<ContainerStep, 'engine' | 'limits' | 'workdir'>> {
  // A value in `cmd` becomes a variable, as in any script.
  const { prepareScript } = await import('./language/prepare-script.ts');
  const { text, env } = prepareScript({ ...NO_SCRIPT, env: action.env, code: { script: action.cmd ?? '' } }, context);
  const rendered = (words: readonly string[] | undefined): string[] | null =>
    words?.map((word) => printed(renderValue(word, context))) ?? null;
  const [entrypoint, command] = [rendered(action.entrypoint), rendered(action.command)];
  const cmd = command === null && action.cmd !== undefined ? (text ?? '') : null;
  return {
    image: imageOf(printed(renderValue(action.image, context))),
    // With an entrypoint, the words of `cmd` are its arguments.
    entrypoint: cmd === null || entrypoint === null ? entrypoint : ['sh', '-c', `exec "$0" "$@" ${cmd}`, ...entrypoint],
    command: cmd === null || entrypoint !== null ? command : ['sh', '-c', cmd],
    env,
    init: action.cmd !== undefined,
    workspace: null,
    files: {},
  };
}

/** A script of the workspace in an image that reads it. */
async function scriptIn(
  { context, root, home, settings }: ContainerStepOptions,
  action: ScriptAction,
): Promise<Omit<ContainerStep, 'engine' | 'limits'>> {
  const { prepareScript } = await import('./language/prepare-script.ts');
  const { text, source, args, env } = prepareScript(action, context);
  const language = LANGUAGES[action.language];
  if (text === null) await resolveFile(root, root, source, 'workspace');
  const file = text === null ? `${IN_CONTAINER.workspace}/${source}` : `/toru/in/${language.file}`;
  return {
    image: imageOf(settings.runner_image === '' ? language.image : settings.runner_image),
    entrypoint: ['sh', '/toru/in/start.sh'],
    command: [action.language, action.interpreter ?? '', file, ...args],
    env,
    init: true,
    workspace: root,
    workdir: workdirOf(action.workdir),
    files: {
      'start.sh': START_SCRIPT,
      ...(text === null ? {} : { [language.file]: text }),
      ...(action.dependencies.length === 0
        ? {}
        : { dependencies: `${action.dependencies.join('\n')}\n`, [RESOLVE_FILE]: resolveHook('/toru/in') }),
      ...startupScripts(home),
    },
  };
}

/** Below the workspace, unless it is absolute. */
const workdirOf = (workdir: string | undefined): string =>
  workdir === undefined ? IN_CONTAINER.workspace : workdir.startsWith('/') ? workdir : `${IN_CONTAINER.workspace}/${workdir}`;

/** `TORU_HOME/startup.d/*.sh`, which the script's shell reads before it begins: tools, certificates, variables. */
function startupScripts(home: string): Record<string, string> {
  const folder = join(home, 'startup.d');
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => name.endsWith('.sh'));
  return Object.fromEntries(names.sort().map((name) => [`startup.d/${name}`, readFileSync(join(folder, name), 'utf8')]));
}

function engineOf({ action, settings, environment }: ContainerStepOptions): ContainerOrder['engine'] {
  if (runnerOf(action) === 'pod')
    return {
      type: 'pod',
      kubeconfig: kubeconfigFiles(environment),
      own_cluster: ownCluster(environment),
      context: settings.kube_context === '' ? null : settings.kube_context,
      namespace: settings.kube_namespace === '' ? null : settings.kube_namespace,
      helper_image: settings.helper_image,
      pending_ms: settings.pending_ms,
      manifest: 'manifest' in action ? (action.manifest ?? null) : null,
    };
  return { type: 'docker', sockets: engineSockets(settings.socket, environment), config: environment['DOCKER_CONFIG'] ?? null };
}

function imageOf(image: string): string {
  if (IMAGE.test(image)) return image;
  throw new ToruError('run_refused', `“${image}” can’t be the name of an image. It is such as docker.io/library/alpine:3.`);
}

/** A script without anything, for what `cmd` has in common with one. */
const NO_SCRIPT: Omit<ScriptAction, 'env' | 'code'> = {
  ...{ type: 'script', language: 'shell', runner: 'local' },
  ...{ input: {}, output: {}, tags: [], args: [], dependencies: [] },
};
