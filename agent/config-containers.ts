/** What the configuration says of containers (TORU_CONTAINER_SOCKET and others); '' where it says nothing. */
export interface ContainerSettings {
  socket: string;
  runner_image: string;
  kube_context: string;
  kube_namespace: string;
  helper_image: string;
  /** A pod that does not start is given up after so long. */
  pending_ms: number;
}

export const HELPER_IMAGE = 'docker.io/library/busybox:1.37';
/** What is not scheduled by then, or whose image does not come, will not be. */
export const PENDING_MS = 10 * 60_000;
export const NO_CONTAINER_SETTINGS: ContainerSettings = {
  socket: '',
  runner_image: '',
  kube_context: '',
  kube_namespace: '',
  helper_image: HELPER_IMAGE,
  pending_ms: PENDING_MS,
};
