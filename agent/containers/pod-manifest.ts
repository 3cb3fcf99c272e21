import { HOST_LABEL, RUN_LABEL } from './container-body.ts';
import type { ContainerOrder, PodEngine } from './order.ts';
import { containerName, IN_CONTAINER } from './order.ts';

/** The containers of a step's pod: files in, the step, files out. */
export const [FILES_IN, STEP, FILES_OUT] = ['toru-in', 'step', 'toru-out'] as const;

/** The longest that a step may take, and what comes before and after it: a pod that nobody removes ends by itself. */
const DEADLINE_S = 24 * 3600 + 1800;

/**
 * A step's pod. Files come in through the standard input of an init container, and go out by a program in a container that waits beside the
 * step: all connections go from this host to the cluster, none back. @param size of the tar that comes in, in bytes
 */
export function podManifest(order: ContainerOrder, { helper_image, manifest }: PodEngine, size: number): unknown {
  const { image, entrypoint, command, workdir, env, limits, workspace, task_id, host, label } = order;
  const { cpu_m, memory_bytes } = limits;
  const resources = { ...(cpu_m === null ? {} : { cpu: `${cpu_m}m` }), ...(memory_bytes === null ? {} : { memory: String(memory_bytes) }) };
  const files = { name: 'toru-files', mountPath: '/toru' };
  const own = { name: 'toru-workspace', mountPath: IN_CONTAINER.workspace };
  const base = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: containerName(task_id),
      labels: { [HOST_LABEL]: host, [RUN_LABEL]: task_id },
      annotations: { 'toru.step': label },
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: DEADLINE_S,
      // A step that speaks with the cluster says as whom: spec.serviceAccountName in its manifest.
      automountServiceAccountToken: hasAccount(manifest),
      volumes: [{ name: files.name, emptyDir: {} }, ...(workspace === null ? [] : [{ name: own.name, emptyDir: {} }])],
      initContainers: [
        {
          name: FILES_IN,
          image: helper_image,
          // The end of the input is counted: not every connection can say that it is over.
          command: ['sh', '-c', 'head -c "$1" | tar -xf - -C "$2"', 'toru', String(size), '/'],
          stdin: true,
          stdinOnce: true,
          volumeMounts: [files, ...(workspace === null ? [] : [own])],
        },
      ],
      containers: [
        {
          name: STEP,
          image,
          ...(entrypoint === null ? {} : { command: entrypoint.map(literal) }),
          ...(command === null ? {} : { args: command.map(literal) }),
          ...(workdir === null ? {} : { workingDir: workdir }),
          env: Object.entries(env).map(([name, value]) => ({ name, value: literal(value) })),
          ...(Object.keys(resources).length === 0 ? {} : { resources: { requests: resources, limits: resources } }),
          volumeMounts: [files, ...(workspace === null ? [] : [{ ...own, readOnly: true }])],
        },
        {
          name: FILES_OUT,
          image: helper_image,
          command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'],
          volumeMounts: [files],
        },
      ],
    },
  };
  return merged(base, manifest);
}

/** In arguments and values of variables, `$(NAME)` is a variable's value, and `$$` a dollar (Container.args, EnvVar.value). */
const literal = (value: string): string => value.replaceAll('$', '$$$$');

function hasAccount(manifest: unknown): boolean {
  const spec = isMap(manifest) ? manifest['spec'] : undefined;
  return isMap(spec) && typeof spec['serviceAccountName'] === 'string';
}

/** Maps are merged, lists of things with names by these, anything else is replaced. */
export function merged(base: unknown, over: unknown): unknown {
  if (over === undefined || over === null) return base;
  if (isMap(base) && isMap(over)) {
    const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
    return Object.fromEntries([...keys].map((key) => [key, key in over ? merged(base[key], over[key]) : base[key]]));
  }
  if (!isNamedList(base) || !isNamedList(over)) return over;
  const names = new Set(base.map(({ name }) => name));
  const changed = base.map((item) =>
    merged(
      item,
      over.find(({ name }) => name === item.name),
    ),
  );
  return [...changed, ...over.filter(({ name }) => !names.has(name))];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamedList(value: unknown): value is { name: string }[] {
  return Array.isArray(value) && value.every((item) => isMap(item) && typeof item['name'] === 'string');
}
