import * as z from 'zod';

/**
 * What the Docker Engine's API takes, of the requests that steps make: written down from the published document for version 1.44
 * (moby/moby, api/docs/v1.44.yaml: ContainerCreate, ContainerConfig, HostConfig, Resources, ImageCreate, ContainerAttach, PutContainerArchive …).
 * Anything that does not stand there is a fault of ours: names of parameters and fields are strict.
 */

const flag = z.enum(['0', '1', 'true', 'false']);
const text = z.string();
const id = '([a-zA-Z0-9][a-zA-Z0-9_.-]+)';

/** ContainerConfig and HostConfig, without what steps never say. */
const createBody = z.strictObject({
  Image: text.min(1),
  Entrypoint: z.array(text).optional(),
  Cmd: z.array(text).optional(),
  WorkingDir: text.optional(),
  Env: z.array(text.regex(/^[^=]+=/)).optional(),
  Labels: z.record(text, text).optional(),
  Tty: z.boolean().optional(),
  OpenStdin: z.boolean().optional(),
  AttachStdin: z.boolean().optional(),
  AttachStdout: z.boolean().optional(),
  AttachStderr: z.boolean().optional(),
  HostConfig: z
    .strictObject({
      Binds: z.array(text.regex(/^\/[^:]*:\/[^:]*(:(ro|rw|z|Z|nocopy))*$/)).optional(),
      NanoCpus: z.int().positive().optional(),
      Memory: z
        .int()
        .min(6 * 1024 * 1024)
        .optional(),
      MemorySwap: z.int().optional(),
      Init: z.boolean().optional(),
    })
    .optional(),
});

export interface EngineOperation {
  name: string;
  method: string;
  path: RegExp;
  query: z.ZodType;
  body: 'none' | 'json' | 'tar';
  json?: z.ZodType;
  /** Those that the operation needs. */
  headers?: Record<string, RegExp>;
  /** `X-Registry-Auth` is the one that may come beside. */
}

const none = z.strictObject({});

export const OPERATIONS: readonly EngineOperation[] = [
  { name: 'SystemVersion', method: 'GET', path: /^\/version$/, query: none, body: 'none' },
  { name: 'ImageInspect', method: 'GET', path: /^\/images\/([^/]+)\/json$/, query: none, body: 'none' },
  {
    name: 'ImageCreate',
    method: 'POST',
    path: /^\/images\/create$/,
    query: z.strictObject({ fromImage: text.min(1), tag: text.min(1).optional() }),
    body: 'none',
  },
  {
    name: 'ContainerCreate',
    method: 'POST',
    path: /^\/containers\/create$/,
    query: z.strictObject({ name: text.regex(/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/).optional() }),
    body: 'json',
    json: createBody,
    headers: { 'content-type': /^application\/json$/ },
  },
  {
    name: 'ContainerList',
    method: 'GET',
    path: /^\/containers\/json$/,
    query: z.strictObject({
      all: flag.optional(),
      filters: text
        .transform((value) => JSON.parse(value))
        .pipe(z.strictObject({ label: z.array(text) }))
        .optional(),
    }),
    body: 'none',
  },
  { name: 'ContainerInspect', method: 'GET', path: new RegExp(`^/containers/${id}/json$`), query: none, body: 'none' },
  {
    name: 'ContainerAttach',
    method: 'POST',
    path: new RegExp(`^/containers/${id}/attach$`),
    query: z.strictObject({ logs: flag.optional(), stream: flag, stdin: flag.optional(), stdout: flag, stderr: flag }),
    body: 'none',
    headers: { upgrade: /^tcp$/, connection: /^upgrade$/i },
  },
  { name: 'ContainerStart', method: 'POST', path: new RegExp(`^/containers/${id}/start$`), query: none, body: 'none' },
  {
    name: 'ContainerLogs',
    method: 'GET',
    path: new RegExp(`^/containers/${id}/logs$`),
    query: z.strictObject({ follow: flag.optional(), stdout: flag, stderr: flag, since: text.optional() }),
    body: 'none',
  },
  {
    name: 'ContainerWait',
    method: 'POST',
    path: new RegExp(`^/containers/${id}/wait$`),
    query: z.strictObject({ condition: z.enum(['not-running', 'next-exit', 'removed']) }),
    body: 'none',
  },
  {
    name: 'ContainerStop',
    method: 'POST',
    path: new RegExp(`^/containers/${id}/stop$`),
    query: z.strictObject({ t: text.regex(/^\d+$/), signal: text.optional() }),
    body: 'none',
  },
  {
    name: 'ContainerKill',
    method: 'POST',
    path: new RegExp(`^/containers/${id}/kill$`),
    query: z.strictObject({ signal: text.optional() }),
    body: 'none',
  },
  {
    name: 'ContainerDelete',
    method: 'DELETE',
    path: new RegExp(`^/containers/${id}$`),
    query: z.strictObject({ force: flag.optional(), v: flag.optional() }),
    body: 'none',
  },
  {
    name: 'ContainerArchive',
    method: 'GET',
    path: new RegExp(`^/containers/${id}/archive$`),
    query: z.strictObject({ path: text.startsWith('/') }),
    body: 'none',
  },
  {
    name: 'PutContainerArchive',
    method: 'PUT',
    path: new RegExp(`^/containers/${id}/archive$`),
    query: z.strictObject({ path: text.startsWith('/') }),
    body: 'tar',
    headers: { 'content-type': /^application\/(x-tar|octet-stream)$/ },
  },
];
