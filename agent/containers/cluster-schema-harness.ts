import * as z from 'zod';

/**
 * What the Kubernetes API takes, of the requests that steps make: written down from the published document (kubernetes/kubernetes,
 * api/openapi-spec/v3/api__v1_openapi.json: io.k8s.api.core.v1.Pod, PodSpec, Container, EnvVar, VolumeMount; readCoreV1NamespacedPodLog,
 * connectCoreV1GetNamespacedPodAttach and Exec, deleteCoreV1NamespacedPod). Anything that does not stand there is a fault of ours.
 */

const text = z.string();
/** RFC 1123. */
const dnsName = text.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/).max(63);
const labelKey = text.regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/);
const labelValue = text.regex(/^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/).max(63);
const quantity = text.regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi|k|M|G)?$/);
const amounts = z.record(text, quantity);

const container = z.strictObject({
  name: dnsName,
  image: text.min(1),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  command: z.array(text).optional(),
  args: z.array(text).optional(),
  workingDir: text.optional(),
  env: z.array(z.strictObject({ name: text.regex(/^[^=]+$/), value: text.optional() })).optional(),
  resources: z.strictObject({ requests: amounts.optional(), limits: amounts.optional() }).optional(),
  stdin: z.boolean().optional(),
  stdinOnce: z.boolean().optional(),
  volumeMounts: z.array(z.strictObject({ name: dnsName, mountPath: text.regex(/^\/[^:]*$/), readOnly: z.boolean().optional() })).optional(),
});

export const podBody = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata: z.strictObject({
    name: dnsName,
    labels: z.record(labelKey, labelValue).optional(),
    annotations: z.record(labelKey, text).optional(),
  }),
  spec: z
    .strictObject({
      restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).optional(),
      activeDeadlineSeconds: z.int().positive().optional(),
      automountServiceAccountToken: z.boolean().optional(),
      serviceAccountName: text.optional(),
      nodeSelector: z.record(text, text).optional(),
      tolerations: z.array(z.strictObject({ key: text, operator: text, value: text.optional(), effect: text.optional() })).optional(),
      volumes: z.array(z.strictObject({ name: dnsName, emptyDir: z.strictObject({}) })).optional(),
      initContainers: z.array(container).optional(),
      containers: z.array(container).min(1),
    })
    .refine(
      ({ volumes = [], initContainers = [], containers }) =>
        [...initContainers, ...containers].every(({ volumeMounts = [] }) =>
          volumeMounts.every(({ name }) => volumes.some((volume) => volume.name === name)),
        ),
      'a volume that is mounted is none of the volumes',
    )
    .refine(
      ({ initContainers = [], containers }) =>
        new Set([...initContainers, ...containers].map(({ name }) => name)).size === initContainers.length + containers.length,
      'two containers have the same name',
    ),
});
export type PodBody = z.infer<typeof podBody>;

export interface ClusterOperation {
  name: string;
  method: string;
  path: RegExp;
  query: z.ZodType;
}

const none = z.strictObject({});
const flag = z.enum(['true', 'false']);
const pods = '^/api/v1/namespaces/([a-z0-9-]+)/pods';

export const OPERATIONS: readonly ClusterOperation[] = [
  { name: 'createPod', method: 'POST', path: new RegExp(`${pods}$`), query: none },
  { name: 'readPod', method: 'GET', path: new RegExp(`${pods}/([a-z0-9-]+)$`), query: none },
  {
    name: 'deletePod',
    method: 'DELETE',
    path: new RegExp(`${pods}/([a-z0-9-]+)$`),
    query: z.strictObject({ gracePeriodSeconds: text.regex(/^\d+$/) }),
  },
  {
    name: 'readPodLog',
    method: 'GET',
    path: new RegExp(`${pods}/([a-z0-9-]+)/log$`),
    query: z.strictObject({ container: dnsName, follow: flag }),
  },
  {
    name: 'attachPod',
    method: 'GET',
    path: new RegExp(`${pods}/([a-z0-9-]+)/attach$`),
    query: z.strictObject({ container: dnsName, stdin: flag, stdout: flag, stderr: flag }),
  },
  {
    name: 'execPod',
    method: 'GET',
    path: new RegExp(`${pods}/([a-z0-9-]+)/exec$`),
    query: z.strictObject({ container: dnsName, stdout: flag, stderr: flag, command: text }),
  },
  {
    name: 'listEvents',
    method: 'GET',
    path: /^\/api\/v1\/namespaces\/([a-z0-9-]+)\/events$/,
    query: z.strictObject({ fieldSelector: text }),
  },
];
