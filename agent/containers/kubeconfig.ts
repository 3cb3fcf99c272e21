import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { spawned } from '../process/spawn.ts';
import { ACCOUNT_FOLDER } from './kube-files.ts';
import type { PodEngine } from './order.ts';
import { StepFailure } from './step-failure.ts';

/** How a cluster is reached, and as whom. */
export interface ClusterAccess {
  server: URL;
  namespace: string;
  tls: { ca?: Buffer; cert?: Buffer; key?: Buffer; servername?: string; rejectUnauthorized?: boolean };
  authorization: string | null;
}

const execPlugin = z.object({
  apiVersion: z.string(),
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});
const user = z.object({
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  'client-certificate': z.string().optional(),
  'client-certificate-data': z.string().optional(),
  'client-key': z.string().optional(),
  'client-key-data': z.string().optional(),
  exec: execPlugin.optional(),
});
const cluster = z.object({
  server: z.url(),
  'certificate-authority': z.string().optional(),
  'certificate-authority-data': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': z.string().optional(),
});
/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/, as far as a client needs it. */
const kubeconfig = z.object({
  'current-context': z.string().optional(),
  contexts: z
    .array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string(), namespace: z.string().optional() }) }))
    .nullish(),
  clusters: z.array(z.object({ name: z.string(), cluster })).nullish(),
  users: z.array(z.object({ name: z.string(), user: user.nullable() })).nullish(),
});
const credential = z.object({
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
  }),
});

/** Reads how the cluster is reached. @throws StepFailure, with what to do */
export async function clusterAccess({ kubeconfig: files, own_cluster, context, namespace }: PodEngine): Promise<ClusterAccess> {
  if (files.length === 0) return ofAccount(own_cluster, namespace);
  const read = files.flatMap((file) => {
    const found = readConfig(file);
    return found === null ? [] : [{ file, found }];
  });
  if (read.length === 0)
    throw new StepFailure(`There is no kubeconfig at ${files.join(', ')}. Name one in KUBECONFIG, in the agent's environment.`);
  const named = context ?? read.map(({ found }) => found['current-context']).find((name) => name !== undefined && name !== '');
  if (named === undefined)
    throw new StepFailure('The kubeconfig has no current context. Choose one: kubectl config use-context, or TORU_KUBE_CONTEXT.');
  const chosen = read.flatMap(({ found }) => found.contexts ?? []).find(({ name }) => name === named)?.context;
  if (chosen === undefined) throw new StepFailure(`The kubeconfig has no context “${named}”. See: kubectl config get-contexts`);
  const place = read.find(({ found }) => found.clusters?.some(({ name }) => name === chosen.cluster) === true);
  const where = place?.found.clusters?.find(({ name }) => name === chosen.cluster)?.cluster;
  const owner = read.find(({ found }) => found.users?.some(({ name }) => name === chosen.user) === true);
  const who = owner?.found.users?.find(({ name }) => name === chosen.user)?.user ?? {};
  if (where === undefined || place === undefined)
    throw new StepFailure(`The context “${named}” of the kubeconfig names a cluster that is not in it.`);
  const below = (file: string, path: string): Buffer => readFileSync(resolve(dirname(file), path));
  const caFile = where['certificate-authority'];
  const caData = where['certificate-authority-data'];
  const ca = caData === undefined ? (caFile === undefined ? undefined : below(place.file, caFile)) : Buffer.from(caData, 'base64');
  const login = await credentialsOf(who, (path) => below(owner?.file ?? place.file, path));
  return {
    server: new URL(where.server),
    namespace: namespace ?? chosen.namespace ?? 'default',
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(where['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
      ...(where['tls-server-name'] === undefined ? {} : { servername: where['tls-server-name'] }),
      ...(login.cert === null || login.key === null ? {} : { cert: login.cert, key: login.key }),
    },
    authorization: login.authorization,
  };
}

interface Login {
  authorization: string | null;
  cert: Buffer | null;
  key: Buffer | null;
}

async function credentialsOf(who: z.infer<typeof user>, read: (path: string) => Buffer): Promise<Login> {
  const ofEither = (data: string | undefined, path: string | undefined): Buffer | null =>
    data === undefined ? (path === undefined ? null : read(path)) : Buffer.from(data, 'base64');
  const cert = ofEither(who['client-certificate-data'], who['client-certificate']);
  const key = ofEither(who['client-key-data'], who['client-key']);
  const token = who.tokenFile === undefined ? who.token : read(who.tokenFile).toString('utf8').trim();
  if (token !== undefined) return { authorization: `Bearer ${token}`, cert, key };
  if (who.username !== undefined)
    return { authorization: `Basic ${Buffer.from(`${who.username}:${who.password ?? ''}`).toString('base64')}`, cert, key };
  if (who.exec === undefined) return { authorization: null, cert, key };
  const { status } = await askPlugin(who.exec);
  return {
    authorization: status.token === undefined ? null : `Bearer ${status.token}`,
    cert: status.clientCertificateData === undefined ? cert : Buffer.from(status.clientCertificateData),
    key: status.clientKeyData === undefined ? key : Buffer.from(status.clientKeyData),
  };
}

/** A program of the host's that logs in, as cloud providers have it (client.authentication.k8s.io). */
async function askPlugin({ apiVersion, command, args, env }: z.infer<typeof execPlugin>): Promise<z.infer<typeof credential>> {
  const request = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  try {
    const child = spawn(command, args ?? [], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...own, KUBERNETES_EXEC_INFO: request },
    });
    await spawned(child);
    let text = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) text += String(chunk);
    return credential.parse(JSON.parse(text));
  } catch {
    throw new StepFailure(
      `The kubeconfig logs in by ${command}, which gave nothing that can be used. Try: kubectl get pods, as the agent's user.`,
    );
  }
}

function ofAccount(server: string | null, namespace: string | null): ClusterAccess {
  if (server === null)
    throw new StepFailure(
      'This host knows no Kubernetes cluster: there is no kubeconfig. Put one at ~/.kube/config, or name it in KUBECONFIG.',
    );
  return {
    server: new URL(server),
    namespace: namespace ?? readFileSync(join(ACCOUNT_FOLDER, 'namespace'), 'utf8').trim(),
    tls: { ca: readFileSync(join(ACCOUNT_FOLDER, 'ca.crt')) },
    authorization: `Bearer ${readFileSync(join(ACCOUNT_FOLDER, 'token'), 'utf8').trim()}`,
  };
}

/** @returns null where there is none. @throws StepFailure for one that can't be read */
function readConfig(file: string): z.infer<typeof kubeconfig> | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  const checked = kubeconfig.safeParse(parse(text, { logLevel: 'silent' }));
  if (checked.success) return checked.data;
  // Its values are not repeated: they are credentials.
  throw new StepFailure(`${file} is no kubeconfig: ${checked.error.issues[0]?.path.join('.') ?? 'it'} is not as expected.`);
}
