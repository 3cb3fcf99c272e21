import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** In a pod with a service account. */
export const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The kubeconfig files of this host: those of KUBECONFIG, else the user's own. Empty where there is none. */
export function kubeconfigFiles(env: Readonly<Record<string, string | undefined>>): string[] {
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return named.length > 0 ? named : [join(homedir(), '.kube/config')].filter((file) => existsSync(file));
}

/** Does this host know a cluster? */
export function knowsCluster(env: Readonly<Record<string, string | undefined>>): boolean {
  return kubeconfigFiles(env).some((file) => existsSync(file)) || ownCluster(env) !== null;
}

/** The API server of the cluster that the agent runs in, as Kubernetes tells its pods. */
export function ownCluster(env: Readonly<Record<string, string | undefined>>): string | null {
  const [host, port] = [env['KUBERNETES_SERVICE_HOST'], env['KUBERNETES_SERVICE_PORT'] ?? '443'];
  if (host === undefined || !existsSync(join(ACCOUNT_FOLDER, 'token'))) return null;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
