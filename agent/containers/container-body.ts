import type { ContainerOrder } from './order.ts';
import { IN_CONTAINER } from './order.ts';

/** By which a host finds its own containers again. */
export const HOST_LABEL = 'toru.host';
export const RUN_LABEL = 'toru.run';

/** A step's container, as an engine is asked to make it (ContainerCreate). */
export function containerBody(order: ContainerOrder, engine: 'docker' | 'podman'): object {
  const { image, entrypoint, command, workdir, env, limits, workspace, task_id, host, label } = order;
  const { cpu_m, memory_bytes } = limits;
  return {
    Image: image,
    ...(entrypoint === null ? {} : { Entrypoint: entrypoint }),
    ...(command === null ? {} : { Cmd: command }),
    ...(workdir === null ? {} : { WorkingDir: workdir }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: { [HOST_LABEL]: host, [RUN_LABEL]: task_id, 'toru.step': label },
    Tty: false,
    OpenStdin: false,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      ...(workspace === null ? {} : { Binds: [`${workspace}:${IN_CONTAINER.workspace}:ro`] }),
      ...(cpu_m === null ? {} : { NanoCpus: cpu_m * 1_000_000 }),
      // As much swap as memory would double the limit.
      ...(memory_bytes === null ? {} : { Memory: memory_bytes, MemorySwap: memory_bytes }),
      // Podman needs a further program for it, which few hosts have.
      ...(order.init && engine === 'docker' ? { Init: true } : {}),
    },
  };
}
