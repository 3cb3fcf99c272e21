import * as z from 'zod';

/**
 * What the program of a container step (step-container.ts) is told, as JSON on its standard input: an order may hold secrets, which are
 * read there by nobody else.
 */

const limits = z.object({
  /** Thousandths of a processor. */
  cpu_m: z.int().nullable(),
  memory_bytes: z.int().nullable(),
});
export type Limits = z.infer<typeof limits>;

const docker = z.object({
  type: z.literal('docker'),
  /** Sockets of an engine, the best first. */
  sockets: z.array(z.string()),
  /** The folder of the host's `config.json` with registry credentials; null: where docker and podman look. */
  config: z.string().nullable(),
});
export type DockerEngine = z.infer<typeof docker>;

const pod = z.object({
  type: z.literal('pod'),
  /** The files of a kubeconfig, the first wins. */
  kubeconfig: z.array(z.string()),
  /** Where there is none: the API server of the cluster that the agent itself runs in. */
  own_cluster: z.string().nullable(),
  context: z.string().nullable(),
  namespace: z.string().nullable(),
  /** An image with `sh`, `head` and `tar`, which carries files in and out. */
  helper_image: z.string(),
  /** A pod that does not start is given up after so long. */
  pending_ms: z.int(),
  /** What an action says of its pod beside that, as its file has it. */
  manifest: z.unknown(),
});
export type PodEngine = z.infer<typeof pod>;

export const containerOrder = z.object({
  engine: z.discriminatedUnion('type', [docker, pod]),
  task_id: z.string(),
  /** Whose leftovers are this host's. */
  host: z.string(),
  /** As people call the step. */
  label: z.string(),
  image: z.string(),
  /** Null: the image's own. */
  entrypoint: z.array(z.string()).nullable(),
  command: z.array(z.string()).nullable(),
  workdir: z.string().nullable(),
  env: z.record(z.string(), z.string()),
  limits,
  /** The first process passes on signals to a shell below it, where an engine can do that. */
  init: z.boolean(),
  /** On this host, absolute: what stands in `/workspace`. Null: no workspace. */
  workspace: z.string().nullable(),
  /** What stands in `/toru/in`, by name. */
  files: z.record(z.string(), z.string()),
  /** Folders of this host: state of the job before, and of this one. */
  state: z.object({ before: z.string(), out: z.string() }),
  /** The run's own folder, absolute. */
  folder: z.string(),
  /** From the stop of a container to KILL. */
  grace_s: z.int(),
  /** The agent's note of it (leftovers.ts), which goes when the container is gone. */
  note: z.string(),
});
export type ContainerOrder = z.infer<typeof containerOrder>;

/** What is left of a step whose program could not remove it. */
export const leftover = containerOrder.pick({ engine: true, task_id: true, host: true });

/** Where a step finds what it is given, and puts what it gives. */
export const IN_CONTAINER = {
  workspace: '/workspace',
  inputs: '/toru/in/inputs.json',
  output: '/toru/out/output',
  artifacts: '/toru/out/artifacts',
  state_before: '/toru/in/state',
  state_out: '/toru/out/state',
} as const;

/** In the folder of the step, below the run's. */
export const STEP_FOLDER = 'step';
/** There: the text of `$TORU_OUTPUT`. */
export const OUTPUT_FILE = 'output';
/** There: why the container could not do what it should, in a sentence. Absent where its exit code says it. */
export const FAILURE_FILE = 'failure';
/** In the run's folder: which container it was. */
export const CONTAINER_FILE = 'container.json';

/** The name of a container or pod: found again by the run's id alone. */
export const containerName = (taskId: string): string => `toru-${taskId}`;
